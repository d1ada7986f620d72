"""What is compiled. Numba infers the types here, and a kernel takes as many arrays as it needs."""
