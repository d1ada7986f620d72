// One hand, no Tab key: when no further digit can follow, the next box is ready.
const boxes = (form) => [...form.querySelectorAll("input[data-high]")];

function next(box, step = 1) {
  const all = boxes(box.form);
  const to = all[all.indexOf(box) + step];
  to?.focus();
  to?.select();
  return to;
}

document.addEventListener("input", (event) => {
  const box = event.target;
  if (!box.dataset.high || !box.closest(".keypad") || event.inputType?.startsWith("delete")) return;
  const digits = box.value.trim();
  // 14 breaths cannot become 14x; 12 may still become 120 mmHg.
  if (/^\d+$/.test(digits) && Number(digits) * 10 > Number(box.dataset.high)) next(box);
});

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (!box.dataset.high || !box.closest(".keypad")) return;
  if (event.key === "Enter" && next(box)) event.preventDefault();
  if (event.key === "Backspace" && !box.value && next(box, -1)) event.preventDefault();
});
