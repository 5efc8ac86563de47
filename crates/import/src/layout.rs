//! How a file is laid out: what separates its cells, how it writes amounts, what its columns are called.

/// What separates the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`, where a comma separates decimals.
    Semicolon,
    /// A tab.
    Tab,
}

impl Delimiter {
    /// All of them, the most usual first.
    pub const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    /// Its name, as requests and command lines have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }

    /// The delimiter of this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// The one that the first line has most of, outside quotes; a comma when it has none.
    pub(crate) fn guess(first: &[u8]) -> Self {
        let mut counts = [0_usize; 3];
        let mut quoted = false;
        for byte in first {
            match byte {
                b'"' => quoted = !quoted,
                b'\r' | b'\n' if !quoted => break,
                _ if quoted => {}
                other => {
                    let at = Self::ALL.iter().position(|one| one.byte() == *other);
                    if let Some(at) = at {
                        counts[at] += 1;
                    }
                }
            }
        }
        let most = counts.iter().max().copied().unwrap_or_default();
        Self::ALL
            .into_iter()
            .zip(counts)
            .find(|(_, count)| *count == most)
            .map_or(Self::Comma, |(one, _)| one)
    }
}

/// How a file writes amounts. Never guessed: `1.999` is two dollars in one country and two thousand in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountForm {
    /// Whole minor units, as everywhere in the API: `1990`.
    #[default]
    Minor,
    /// Major units with a point: `19.90`.
    DecimalPoint,
    /// Major units with a comma: `19,90`.
    DecimalComma,
}

impl AmountForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Minor, Self::DecimalPoint, Self::DecimalComma];

    /// Its name, as requests and command lines have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::DecimalPoint => "decimal_point",
            Self::DecimalComma => "decimal_comma",
        }
    }

    /// The form of this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What the sender says about a file.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// What separates cells; read from the first line when absent.
    pub delimiter: Option<Delimiter>,
    /// How amounts are written.
    pub amounts: AmountForm,
    /// Names of the file's columns, each with the column that it stands for.
    pub columns: Vec<(String, String)>,
}
