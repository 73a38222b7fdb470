//! The exit code of a verb: a number that can be looked at, which that of the standard library cannot.

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExitCode(u8);

impl ExitCode {
    /// All is done.
    pub(crate) const SUCCESS: ExitCode = ExitCode(0);
    /// An error.
    pub(crate) const FAILURE: ExitCode = ExitCode(1);

    /// What the system is told.
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl From<u8> for ExitCode {
    fn from(number: u8) -> ExitCode {
        ExitCode(number)
    }
}
