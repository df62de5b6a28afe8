//! Losses: functions of predictions and targets, recorded on a tape.
