//! Makes programs, with everything that the first click needs.

use std::sync::Arc;

use headwater_protocol::key::{Prefix, mint_company_key};
use headwater_protocol::limits::NAME_MAX;
use headwater_protocol::v2::{ClaimPolicy, CreateGroup, RedirectOrder, WebhookSecrets};
use headwater_protocol::{Millis, Source, field};
use headwater_store::{StoreError, Unit};

use super::{Credentials, NewProgram, check_hosts, check_origins};
use crate::record::{Ctx, Ids, Refusal, RefusalKind, group, partnership, secret};
use crate::store::credential::{self, CredentialKind, CredentialRow};
use crate::store::program::{self, ClaimSettings, ProgramRow, ProgramVersions};
use crate::store::stage;

/// Makes a program, its credentials, its default group and its test partner.
pub(crate) fn create(
    unit: &mut Unit<'_>,
    now: Millis,
    ids: Arc<Ids>,
    new: &NewProgram,
) -> Result<Credentials, Refusal> {
    field::check_length("name", &new.name, 1, NAME_MAX)?;
    let id = free_number(unit, &ids)?;
    let made = mint(id, &ids);
    let row = ProgramRow {
        id,
        name: new.name.clone(),
        company_key: made.company_key.clone(),
        public_key: made.public_key.clone(),
        test_public_key: made.test_public_key.clone(),
        origins: check_origins(&new.origins)?,
        link_destinations: check_hosts(&new.link_destinations)?,
        checkout_amounts: ClaimPolicy::default(),
        redirect_order: RedirectOrder::default(),
        claims: ClaimSettings::default(),
        webhook_secrets: WebhookSecrets::new(),
        test_webhook_secrets: WebhookSecrets::new(),
        triggers_version: 0,
    };
    program::insert(unit, &row, now.0)?;
    store_credentials(unit, &made, now)?;
    let ctx = Ctx {
        program: id,
        company_id: id,
        test: false,
        now,
        real_now: now,
        test_clock: false,
        link_base: "".into(),
        request: ids.next_request(),
        ids,
        source: Source::Vendor,
        versions: Some(ProgramVersions::default()),
        queued: Arc::default(),
        private_targets: false,
    };
    let everyone = CreateGroup { name: "Partners".to_owned(), default: Some(true), ..CreateGroup::default() };
    group::record(unit, &ctx, everyone)?;
    partnership::record_test_partner(unit, &ctx)?;
    stage::insert_standard(unit, id)?;
    Ok(made)
}

/// An unused number of eight digits, the form that PartnerStack's answers have.
fn free_number(unit: &mut Unit<'_>, ids: &Ids) -> Result<i64, Refusal> {
    for _ in 0..16 {
        let random = ids.random();
        let drawn = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
        let id = 10_000_000 + i64::from(drawn % 90_000_000);
        if program::find(unit, id)?.is_none() {
            return Ok(id);
        }
    }
    Err(Refusal::new(RefusalKind::Internal, "internal", "no free program number was found"))
}

fn mint(program_id: i64, ids: &Ids) -> Credentials {
    let mint = |prefix: Prefix| prefix.mint_credential(&ids.random());
    let mint_test = |prefix: Prefix| prefix.mint_test_credential(&ids.random());
    Credentials {
        program_id,
        public_key: mint(Prefix::PublicKey),
        secret_key: mint(Prefix::SecretKey),
        test_public_key: mint_test(Prefix::PublicKey),
        test_secret_key: mint_test(Prefix::SecretKey),
        tracking_token: mint(Prefix::TrackingToken),
        test_tracking_token: mint_test(Prefix::TrackingToken),
        company_key: mint_company_key(&ids.random()),
        admin_token: mint(Prefix::AdminToken),
    }
}

/// Keeps the hashes of a new program's secrets.
fn store_credentials(unit: &mut Unit<'_>, made: &Credentials, now: Millis) -> Result<(), StoreError> {
    let rows = [
        (CredentialKind::Pair, false, &made.secret_key, Some(&made.public_key)),
        (CredentialKind::Pair, true, &made.test_secret_key, Some(&made.test_public_key)),
        (CredentialKind::Tracking, false, &made.tracking_token, None),
        (CredentialKind::Tracking, true, &made.test_tracking_token, None),
        (CredentialKind::Admin, false, &made.admin_token, None),
    ];
    for (kind, test, text, public_key) in rows {
        let row = CredentialRow {
            secret_hash: secret::hash(text),
            program: made.program_id,
            kind,
            test,
            public_key: public_key.cloned(),
            partnership: None,
        };
        credential::insert(unit, &row, now.0)?;
    }
    Ok(())
}
