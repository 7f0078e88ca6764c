//! What a file refers to and does not hold.

/// Finds what a file refers to: variables, other files, folders of the user.
///
/// This crate reads nothing itself.
pub trait Lookup {
    /// The value of a variable of the environment; `None` if it is not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of another file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in a few words without its contents.
    fn file(&self, path: &str) -> Result<String, String>;

    /// The folder that an editor would have open.
    fn workspace_folder(&self) -> Option<String>;

    /// The user's home folder.
    fn home(&self) -> Option<String>;

    /// The value of a variable that has a default in the file. As in a shell, a variable that is
    /// empty has the default too.
    fn variable_or(&self, name: &str, default: &str) -> String {
        let value = self.variable(name).filter(|it| !it.is_empty());
        value.unwrap_or_else(|| default.to_owned())
    }

    /// What the user is asked for: `${input:ID}`. `None`: the user is not there to be asked.
    fn asked(&self, input: &Input) -> Option<String> {
        self.variable(&input_variable(&input.id))
    }

    /// What `${file:PATH}` stands for.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in a few words without its contents.
    fn secret_file(&self, path: &str) -> Result<String, String> {
        self.file(path)
    }
}

/// What a file wants to be asked of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// The name in the file.
    pub id: String,
    /// What the user is told.
    pub description: Option<String>,
    /// It is not to be seen while it is typed.
    pub is_secret: bool,
}

impl Input {
    /// An input of which the file says no more.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

/// The variable that answers an input: `EYOT_INPUT_` and the id, in capital letters and with `_` for
/// what no variable has in its name.
pub fn input_variable(id: &str) -> String {
    let name = id.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    let name: String = name.map(|it| it.to_ascii_uppercase()).collect();
    format!("EYOT_INPUT_{name}")
}
