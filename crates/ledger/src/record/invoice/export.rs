//! The invoices of a month as CSV (RFC 4180), for accounting.

use headwater_protocol::limits::INVOICES_MAX;
use headwater_protocol::v2::InvoiceExport;
use headwater_store::Unit;

use super::month::Month;
use crate::record::{Ctx, Refusal};
use crate::store::invoice;

/// The columns.
const HEADER: &str = "key,month,partnership_key,email,currency,amount,rewards,status,payment_date\r\n";

/// The invoices of a month, or of the last one.
pub(crate) fn export(unit: &mut Unit<'_>, ctx: &Ctx, month: Option<&str>) -> Result<InvoiceExport, Refusal> {
    let month = Month::named_or_last(month, ctx.now)?;
    let mut rows = invoice::list_of_month(unit, ctx.scope(), &month.name, INVOICES_MAX + 1)?;
    let fits = usize::try_from(INVOICES_MAX).unwrap_or(usize::MAX);
    let complete = rows.len() <= fits;
    rows.truncate(fits);
    let mut csv = HEADER.to_owned();
    for row in rows {
        let cells = [
            row.key,
            row.month,
            row.partnership_key,
            row.partner_email,
            row.currency,
            row.amount.to_string(),
            row.rewards.to_string(),
            row.status,
            row.paid_at.map(|at| at.to_string()).unwrap_or_default(),
        ];
        csv.push_str(&cells.map(|cell| escape(&cell)).join(","));
        csv.push_str("\r\n");
    }
    Ok(InvoiceExport { name: format!("invoices-{}.csv", month.name), csv, complete })
}

/// A cell. Spreadsheets run a text that begins like a formula, and partners choose their addresses.
fn escape(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn no_text_ends_its_cell_or_is_run() {
        for (text, cell) in [
            ("ada@site.example", "ada@site.example"),
            ("a,b", "\"a,b\""),
            ("a\"b\n", "\"a\"\"b\n\""),
            ("=1+1", "'=1+1"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
        ] {
            assert_eq!(escape(text), cell);
        }
    }
}
