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

    /// What the user was asked for under this id: `${input:ID}`.
    fn asked(&self, id: &str) -> Option<String> {
        self.variable(&input_variable(id))
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

/// The variable that answers an input: `EYOT_INPUT_` and the id, in capital letters and with `_` for
/// what no variable has in its name.
pub fn input_variable(id: &str) -> String {
    let name = id.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    let name: String = name.map(|it| it.to_ascii_uppercase()).collect();
    format!("EYOT_INPUT_{name}")
}
