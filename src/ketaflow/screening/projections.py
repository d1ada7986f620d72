"""Which rows follow from the entries of this stage."""

from ketaflow.journal.projecting import Projection

PROJECTION = Projection(stage="screening", tables=(), handlers={})
