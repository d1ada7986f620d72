"""The phases of a session as pages say them: a word, and a colour that repeats it."""

from ketaflow.session.phases import Phase

PHASES = {
    Phase.CHECKED_IN: "Being prepared",
    Phase.READY: "Prepared",
    Phase.RUNNING: "Drug being given",
    Phase.PAUSED: "Paused",
    Phase.OBSERVING: "Under observation",
    Phase.DISCHARGED: "Gone home",
    Phase.TRANSFERRED: "Transferred",
    Phase.CANCELLED: "Cancelled",
}
COLOURS = {
    Phase.CHECKED_IN: "grey",
    Phase.READY: "blue",
    Phase.RUNNING: "green",
    Phase.PAUSED: "orange",
    Phase.OBSERVING: "teal",
    Phase.TRANSFERRED: "red",
}
