//! Admitted events can be delivered, and their entries have the right source.

use headwater_protocol::event::{Event, Submission};
use headwater_protocol::v2::Signups;

use super::{Admission, EventSender, Millis, RelayProgram, admit};

const SECRET: &str = "identity_test_example";
/// The signature of `gk_1`, computed by another implementation.
const SIGNATURE: &str = "dba6d58c777cd97e31b674c30d41314cfebead0eae0db4bea3f114bbb1d824aa";

fn program() -> RelayProgram {
    RelayProgram { id: 7, public_key: "pk_test_example".to_owned(), ..RelayProgram::default() }
}

fn signing() -> RelayProgram {
    RelayProgram { identity_secret: Some(SECRET.to_owned().into()), ..program() }
}

fn signup(data: &str) -> String {
    format!(
        r#"{{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1,"data":{{{data}}}}}"#
    )
}

fn page(program: &RelayProgram, data: &str) -> Admission {
    admit(&[&signup(data)], program, EventSender::Browser, Millis(5))
}

#[track_caller]
fn refused(admission: &Admission, code: &str, field: &str) {
    let [refused] = &admission.refused[..] else { panic!("{admission:?}") };
    assert_eq!((refused.code.as_str(), refused.field.as_str()), (code, field), "{refused:?}");
    assert!(admission.entries.is_empty());
}

#[test]
fn an_entry_has_the_source_of_its_sender() {
    let source = |admission: Admission| admission.entries[0].source;
    let unsigned = signup(r#""customer_key":"gk_1""#);
    assert_eq!(source(page(&signing(), r#""customer_key":"gk_1""#)), "page");
    assert_eq!(
        source(page(&signing(), &format!(r#""customer_key":"gk_1","signature":"{SIGNATURE}""#))),
        "signed"
    );
    assert_eq!(source(admit(&[&unsigned], &signing(), EventSender::Server, Millis(5))), "vendor");
}

/// PostgreSQL keeps no NUL: what was acknowledged with one could never be delivered.
#[test]
fn an_event_with_nul_is_refused_and_its_neighbours_are_not() {
    let name = signup(r#""customer_key":"gk_1","name":"a\u0000b""#);
    let body = format!(r#"{{"events":[{name},{}]}}"#, signup(r#""customer_key":"gk_1""#));
    let events = Submission::read(&body).unwrap().events;
    let admission = admit(&events, &program(), EventSender::Browser, Millis(5));
    assert_eq!((admission.entries.len(), admission.refused[0].index), (1, 0));
    assert_eq!(admission.refused[0].message, "data.name must not contain the character NUL (\\u0000)");
    refused(&page(&program(), r#""customer_key":"\u0000""#), "invalid_value", "data.customer_key");
}

#[test]
fn a_signature_of_another_customer_is_refused() {
    let stolen = format!(r#""customer_key":"gk_2","signature":"{SIGNATURE}""#);
    refused(&page(&signing(), &stolen), "bad_signature", "data.signature");
    for forged in ["00", "no hex", &SIGNATURE[..62], &format!("{SIGNATURE}00")] {
        let data = format!(r#""customer_key":"gk_1","signature":"{forged}""#);
        refused(&page(&signing(), &data), "bad_signature", "data.signature");
    }
}

#[test]
fn a_program_of_signed_signups_takes_no_others_from_pages() {
    let program = RelayProgram { signups: Signups::Signed, ..signing() };
    refused(&page(&program, r#""customer_key":"gk_1""#), "signature_required", "data.signature");
    refused(
        &page(&program, r#""customer_key":"gk_1","signature":"""#),
        "signature_required",
        "data.signature",
    );
    let signed = format!(r#""customer_key":"gk_1","signature":"{}""#, SIGNATURE.to_ascii_uppercase());
    assert_eq!(page(&program, &signed).entries.len(), 1);
    let unsigned = signup(r#""customer_key":"gk_1""#);
    assert_eq!(admit(&[&unsigned], &program, EventSender::Server, Millis(5)).entries.len(), 1);
    let no_secret = RelayProgram { identity_secret: None, ..program };
    refused(&page(&no_secret, &signed), "signature_required", "data.signature");
}

#[test]
fn a_signature_that_cannot_be_verified_is_ignored_with_a_warning() {
    let admission = page(&program(), &format!(r#""customer_key":"gk_1","signature":"{SIGNATURE}""#));
    assert_eq!(admission.entries[0].source, "page");
    assert_eq!(admission.warnings[0].warning.code, "signature_ignored");
}

#[test]
fn the_journal_keeps_every_byte_but_the_signature() {
    let rest =
        r#""customer_key":"gk_1","x":{"b":1.10,"a":"\u00e4"},"meta":{"n":123456789012345678901234567890}"#;
    let admission = page(&signing(), &format!(r#"{rest},"signature":"{SIGNATURE}""#));
    let body = &admission.entries[0].body;
    assert!(!body.contains("signature"), "{body}");
    for member in [r#"{"b":1.10,"a":"\u00e4"}"#, r#"{"n":123456789012345678901234567890}"#] {
        assert!(body.contains(member), "{body}");
    }
    let mut expected = Event::read(&signup(rest)).unwrap();
    assert_eq!(Event::read(body).unwrap(), expected);
    expected.occurred_at = Millis(1);
    let unsigned = page(&signing(), rest);
    assert_eq!(unsigned.entries[0].body, signup(rest));
}

#[test]
fn a_destination_that_needs_an_address_gets_no_signup_without_one() {
    let hosted = RelayProgram { needs_email: true, ..program() };
    refused(&page(&hosted, r#""customer_key":"gk_1","partner_key":"p""#), "required", "data.email");
    let server = admit(&[&signup(r#""customer_key":"gk_1""#)], &hosted, EventSender::Server, Millis(5));
    refused(&server, "required", "data.email");
    for enough in [r#""xid":"abcdefghijkl""#, r#""email":"a@shop.example""#] {
        assert_eq!(page(&hosted, &format!(r#""customer_key":"gk_1",{enough}"#)).entries.len(), 1, "{enough}");
    }
    assert_eq!(page(&program(), r#""customer_key":"gk_1","partner_key":"p""#).entries.len(), 1);
}

#[test]
fn a_name_that_is_cut_gives_a_warning_for_its_event() {
    let long = "n".repeat(150);
    let short = signup(r#""customer_key":"gk_1""#);
    let long = signup(&format!(r#""customer_key":"gk_2","name":"{long}""#));
    let admission = admit(&[&short, &long], &program(), EventSender::Browser, Millis(5));
    assert_eq!(admission.entries.len(), 2);
    let [warned] = &admission.warnings[..] else { panic!("{admission:?}") };
    assert_eq!((warned.index, warned.warning.code.as_str()), (1, "text_cut"));
    assert_eq!(warned.warning.field, "data.name");
    assert!(warned.warning.hint.contains("at most 100 characters, this one had 150"), "{warned:?}");
}

#[test]
fn a_numeric_customer_key_is_in_the_lane_of_its_text() {
    let lanes = [r#""customer_key":42"#, r#""customer_key":"42""#]
        .map(|data| page(&program(), data).entries[0].lane.clone());
    assert_eq!(lanes, ["7:c:42", "7:c:42"]);
}

#[test]
fn a_time_that_no_ledger_takes_is_refused_here() {
    let early = signup(r#""customer_key":"gk_1""#).replace(r#""occurred_at":1"#, r#""occurred_at":-1"#);
    let admission = admit(&[&early], &program(), EventSender::Browser, Millis(5));
    refused(&admission, "out_of_range", "occurred_at");
    let first = early.replace(r#""occurred_at":-1"#, r#""occurred_at":0"#);
    assert_eq!(admit(&[&first], &program(), EventSender::Browser, Millis(5)).entries.len(), 1);
}

#[test]
fn a_kind_that_needs_the_secret_is_refused_from_a_page_and_named() {
    let data = r#"{"customer":{"customer_key":"gk_1"},"key":"in_1","amount":1,"currency":"usd"}"#;
    let id = "019365b2-7c00-7abc-8def-0123456789ab";
    let payment = format!(r#"{{"id":"{id}","type":"payment","occurred_at":1,"data":{data}}}"#);
    let admission = admit(&[&payment], &program(), EventSender::Browser, Millis(5));
    refused(&admission, "secret_required", "type");
    assert_eq!((admission.refused[0].id, admission.refused[0].index), (Some(id.parse().unwrap()), 0));
    let message = &admission.refused[0].message;
    assert!(message.contains("'payment'") && message.ends_with("it may be signup or checkout"), "{message}");
    let admission = admit(&[&payment], &program(), EventSender::Server, Millis(5));
    assert_eq!((admission.entries[0].kind, admission.entries[0].source), ("payment", "vendor"));
}

#[test]
fn an_entry_has_the_lane_of_its_program_and_mode() {
    let lane = |program: &RelayProgram| page(program, r#""customer_key":"gk_1""#).entries[0].lane.clone();
    assert_eq!(lane(&program()), "7:c:gk_1");
    assert_eq!(lane(&RelayProgram { test: true, ..program() }), "7t:c:gk_1");
}
