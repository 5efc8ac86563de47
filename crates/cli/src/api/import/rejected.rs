//! The file of refused rows: their own cells, and why, in two columns that an import passes over. Corrected, it is
//! imported like the first.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use headwater_protocol::v2::ImportProblem;

use super::pieces::FilePieces;

/// Refused rows on their way into a file, which is made with the first.
pub(super) struct RejectedRows {
    path: PathBuf,
    /// Whether a file that is there is replaced: only where the user has named it, since corrections may be in it.
    replace: bool,
    header: Vec<u8>,
    delimiter: char,
    file: Option<BufWriter<File>>,
}

impl RejectedRows {
    /// In the file that the user has named, or beside the imported one.
    pub(super) fn at<R: Read>(named: Option<&PathBuf>, imported: &str, pieces: &FilePieces<R>) -> Self {
        let beside = || {
            PathBuf::from(if imported == "-" {
                "import.rejected.csv".to_owned()
            } else {
                format!("{imported}.rejected.csv")
            })
        };
        let (path, replace) = (named.cloned().unwrap_or_else(beside), named.is_some());
        Self { path, replace, header: pieces.header().to_vec(), delimiter: pieces.delimiter(), file: None }
    }

    /// Adds a row. One that was too long to be read has no bytes, and only its reason is kept.
    pub(super) fn keep(&mut self, row: &[u8], problem: &ImportProblem) -> anyhow::Result<()> {
        let delimiter = self.delimiter;
        if self.file.is_none() {
            self.begin()?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let failed = || format!("cannot write {}", self.path.display());
        let column = problem.column.as_deref().map_or_else(String::new, |column| format!("{column}: "));
        let reason = format!("{column}{}", problem.message).replace('"', "'");
        let end = row.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        file.write_all(&row[..end]).with_context(failed)?;
        write!(file, "{delimiter}{}{delimiter}\"{reason}\"\r\n", problem.line).with_context(failed)
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        let wanted = self.path.clone();
        let mut number = 1;
        let file = loop {
            match File::options()
                .write(true)
                .create_new(!self.replace)
                .create(true)
                .truncate(self.replace)
                .open(&self.path)
            {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    number += 1;
                    self.path = wanted.with_extension(format!("{number}.csv"));
                }
                other => break other,
            }
        };
        let failed = || format!("cannot write {}", self.path.display());
        let mut file = BufWriter::new(file.with_context(failed)?);
        file.write_all(&self.header).with_context(failed)?;
        let delimiter = self.delimiter;
        write!(file, "{delimiter}import_line{delimiter}import_reason\r\n").with_context(failed)?;
        self.file = Some(file);
        Ok(())
    }

    /// The file's path, if there is one.
    pub(super) fn finish(mut self) -> anyhow::Result<Option<PathBuf>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        file.flush().with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(Some(self.path))
    }
}
