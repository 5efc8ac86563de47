//! Imports of CSV files (billing.md section 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the rows of a file are. In the order in which files are imported: later kinds refer to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Partners.
    Partnerships,
    /// Customers.
    Customers,
    /// What customers have.
    Products,
    /// Payments.
    Transactions,
    /// Rewards that the company gives.
    Rewards,
    /// Leads.
    Leads,
    /// Deals.
    Deals,
}

impl ImportKind {
    /// All of them, in the order in which files are imported.
    pub const ALL: [Self; 7] = [
        Self::Partnerships,
        Self::Customers,
        Self::Products,
        Self::Transactions,
        Self::Rewards,
        Self::Leads,
        Self::Deals,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partnerships => "partnerships",
            Self::Customers => "customers",
            Self::Products => "products",
            Self::Transactions => "transactions",
            Self::Rewards => "rewards",
            Self::Leads => "leads",
            Self::Deals => "deals",
        }
    }

    /// The kind with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What became of a file's rows: `POST /imports/{kind}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// What the rows are.
    pub kind: ImportKind,
    /// Whether nothing was changed, because the request said so.
    pub dry_run: bool,
    /// Rows below the header, without empty ones.
    pub rows: u64,
    /// Rows that made a new object.
    pub created: u64,
    /// Rows that changed one.
    pub updated: u64,
    /// Rows whose object was there already, as the row says it.
    pub unchanged: u64,
    /// Rows that were refused; each has a problem.
    pub rejected: u64,
    /// What is wrong with rows, in their order.
    pub problems: Vec<ImportProblem>,
    /// Columns that nothing reads.
    pub ignored_columns: Vec<ImportColumn>,
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportProblem {
    /// The line of the file that the row begins in; the header's is 1.
    pub line: u64,
    /// The row's number; the first below the header is 1.
    pub row: u64,
    /// Whether the row was refused; else it was taken, and this is a warning.
    pub rejected: bool,
    /// The column at fault, as the file calls it.
    pub column: Option<String>,
    /// What its cell holds, at most 80 characters of it.
    pub value: Option<String>,
    /// Stable name, `snake_case`.
    pub code: String,
    /// A sentence for people, with the bound.
    pub message: String,
    /// What the sender can do about it.
    pub hint: Option<String>,
}

/// A column of a file that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportColumn {
    /// As the file calls it.
    pub name: String,
    /// The known name that is most like it.
    pub nearest: Option<String>,
}
