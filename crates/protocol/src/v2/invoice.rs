//! Invoices: what is paid to a partner for a month, and payouts: payments of invoices (api.md section 3). **We** add
//! closing, paying and exporting them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Currency, Millis};

/// `POST /invoices/close`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloseInvoices {
    /// A month that is over, as `2026-11`, in UTC; the last one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
}

/// What closing a month has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosedInvoices {
    /// The month, as `2026-11`.
    pub month: String,
    /// Invoices that were made by this call.
    pub created: i64,
    /// Whether more are to be made: call again.
    pub has_more: bool,
}

/// `PATCH /invoices/{key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateInvoice {
    /// `paid`
    pub status: String,
    /// When it was paid, when that is not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_date: Option<Millis>,
}

/// What a partner is paid for a month in one currency. Its amount never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerInvoice {
    /// `inv_…`
    pub key: String,
    /// Who is paid (`part_…`).
    pub partnership_key: String,
    /// The month, as `2026-11`.
    pub month: String,
    /// Minor units: the sum of its rewards.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The number of its rewards.
    pub rewards: i64,
    /// `open` or `paid`.
    pub status: String,
    /// When it was paid.
    pub payment_date: Option<Millis>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// The invoices of a month as a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceExport {
    /// A name for the file.
    pub name: String,
    /// The file: CSV with a header, amounts in minor units.
    pub csv: String,
    /// Whether every invoice of the month is in it; else the first 10,000 are.
    pub complete: bool,
}

/// A payment to a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerPayout {
    /// `pout_…`
    pub key: String,
    /// Who was paid (`part_…`).
    pub partnership_key: String,
    /// The invoice that was paid (`inv_…`).
    pub invoice_key: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// `paid`
    pub status: String,
    /// When it was paid.
    pub payment_date: Millis,
    /// Recorded at.
    pub created_at: Millis,
    /// Equal to `created_at`.
    pub updated_at: Millis,
}
