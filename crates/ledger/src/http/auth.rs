//! Authentication: key pairs by Basic, tokens by Bearer (api.md section 1). The credential alone decides which view
//! of the data the caller gets.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use headwater_protocol::{SOURCE_HEADER, Source};

use headwater_store::Unit;

use super::error::ApiFailure;
use super::operation::{ADMIN, Input, OperationTypes, PARTNER, TRACKING, VENDOR};
use crate::Ledger;
use crate::record::credential::{self, Caller};
use crate::record::{Ctx, Refusal, RefusalKind};

/// Base64 with or without padding: clients send both.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The vendor, with one of its two key pairs. Others are refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vendor {
    pub(crate) program: i64,
    pub(crate) test: bool,
    /// The source it speaks for. Only a holder of the secret key may mark a request as another's claim (trust.md
    /// section 1).
    pub(crate) source: Source,
}

impl Vendor {
    /// The context of this request.
    pub(crate) fn ctx(self, ledger: &Ledger) -> Ctx {
        Ctx { source: self.source, ..ledger.ctx(self.program, self.test) }
    }

    /// The same for records that production and test share: test keys may read those but not write them (trust.md
    /// section 1.8).
    pub(crate) fn shared(self, ledger: &Ledger) -> Result<Ctx, Refusal> {
        if self.test {
            let message = "test keys change only test records; this one is shared with production";
            return Err(Refusal::new(RefusalKind::Forbidden, "test_key_read_only", message)
                .hint("use the production key pair"));
        }
        Ok(self.ctx(ledger))
    }
}

/// The vendor behind a key pair. The secret that only reads may not be used for anything else.
fn vendor(parts: &Parts, program: i64, test: bool, read_only: bool) -> Result<Vendor, Refusal> {
    if read_only && !parts.method.is_safe() {
        let message = "this secret reads only; changes take the program's secret key";
        return Err(Refusal::new(RefusalKind::Forbidden, "read_only_key", message));
    }
    Ok(Vendor { program, test, source: stated_source(parts)? })
}

/// The source that a request names in its header; the vendor without one.
fn stated_source(parts: &Parts) -> Result<Source, Refusal> {
    let Some(word) = parts.headers.get(SOURCE_HEADER) else { return Ok(Source::Vendor) };
    word.to_str().ok().and_then(Source::from_name).ok_or_else(|| {
        let known = Source::ALL.map(Source::name).join(", ");
        Refusal::invalid("invalid_value", SOURCE_HEADER, format!("{SOURCE_HEADER} must be one of {known}"))
    })
}

/// A partner; sees production records only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartnerView {
    pub(crate) program: i64,
    /// The partnership's number.
    pub(crate) partnership: i64,
}

/// The vendor or a partner, for calls that both may read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum VendorOrPartner {
    Vendor(Vendor),
    Partner(PartnerView),
}

/// Whoever may read.
pub(crate) trait Viewer:
    FromRequestParts<Ledger, Rejection = ApiFailure> + Input + Copy + Send + 'static
{
    /// The context of this request.
    fn ctx(self, ledger: &Ledger) -> Ctx;
    /// The partnership whose view this is; `None` for the vendor.
    fn partnership(self) -> Option<i64>;
}

impl Viewer for Vendor {
    fn ctx(self, ledger: &Ledger) -> Ctx {
        Self::ctx(self, ledger)
    }

    fn partnership(self) -> Option<i64> {
        None
    }
}

impl Viewer for VendorOrPartner {
    fn ctx(self, ledger: &Ledger) -> Ctx {
        match self {
            Self::Vendor(vendor) => vendor.ctx(ledger),
            Self::Partner(partner) => ledger.ctx(partner.program, false),
        }
    }

    fn partnership(self) -> Option<i64> {
        match self {
            Self::Vendor(_) => None,
            Self::Partner(partner) => Some(partner.partnership),
        }
    }
}

/// A server that reports conversions: by tracking token, or with the vendor's key pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConversionSender(pub(crate) Vendor);

/// A page that names a program by its public key in the path, and proves nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramPage {
    program: i64,
}

impl ProgramPage {
    /// The context of this request.
    pub(crate) fn ctx(self, ledger: &Ledger) -> Ctx {
        Ctx { source: Source::Page, ..ledger.ctx(self.program, false) }
    }
}

/// The program's administrator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admin {
    pub(crate) program: i64,
}

impl FromRequestParts<Ledger> for Vendor {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match authenticate(parts, ledger).await? {
            Caller::Vendor { program, test, read_only } => Ok(vendor(parts, program, test, read_only)?),
            // A partner is never told to use the company's keys (api.md section 7).
            Caller::Partner { .. } => Err(wrong("this call is not part of a partner's view").into()),
            _ => {
                Err(wrong("this call takes the program's public and secret key as Basic authentication")
                    .into())
            }
        }
    }
}

impl FromRequestParts<Ledger> for PartnerView {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match authenticate(parts, ledger).await? {
            Caller::Partner { program, partnership } => Ok(Self { program, partnership }),
            _ => Err(wrong("this call takes a partner's token as Bearer").into()),
        }
    }
}

impl FromRequestParts<Ledger> for VendorOrPartner {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match authenticate(parts, ledger).await? {
            Caller::Vendor { program, test, read_only } => {
                Ok(Self::Vendor(vendor(parts, program, test, read_only)?))
            }
            Caller::Partner { program, partnership } => {
                Ok(Self::Partner(PartnerView { program, partnership }))
            }
            _ => Err(wrong(
                "this call takes a key pair as Basic authentication or a partner's token as Bearer",
            )
            .into()),
        }
    }
}

impl FromRequestParts<Ledger> for ConversionSender {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match authenticate(parts, ledger).await? {
            Caller::Vendor { program, test, read_only } => Ok(Self(vendor(parts, program, test, read_only)?)),
            Caller::Tracking { program, test } => Ok(Self(vendor(parts, program, test, false)?)),
            Caller::Partner { .. } => Err(wrong("this call is not part of a partner's view").into()),
            Caller::Admin { .. } => {
                Err(wrong("this call takes the program's tracking token as Bearer").into())
            }
        }
    }
}

impl FromRequestParts<Ledger> for Admin {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match authenticate(parts, ledger).await? {
            Caller::Admin { program } => Ok(Self { program }),
            Caller::Partner { .. } => Err(wrong("this call is not part of a partner's view").into()),
            _ => Err(wrong("this call takes the program's administrator token as Bearer").into()),
        }
    }
}

impl FromRequestParts<Ledger> for ProgramPage {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        // Everybody may send this and each is a stored row, as a click is; the same rate bounds both.
        if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>()
            && !ledger.may_click(peer.ip())
        {
            let message = "too many requests from this address";
            return Err(Refusal::new(RefusalKind::TooMany, "rate_limited", message).into());
        }
        let name = parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        match ledger.read(move |unit| credential::of_public_key(unit, &name)).await? {
            Some((program, false)) => Ok(Self { program }),
            Some((_, true)) => {
                let message = "test keys change only test records; applications are shared with production";
                Err(Refusal::new(RefusalKind::Forbidden, "test_key_read_only", message).into())
            }
            None => Err(unknown(ledger, wrong("the path ends with the program's public key")).await?),
        }
    }
}

impl Input for ProgramPage {
    fn describe(_: &mut OperationTypes) {}
}

impl Input for Vendor {
    fn describe(types: &mut OperationTypes) {
        types.callers = vec![VENDOR];
    }
}

impl Input for VendorOrPartner {
    fn describe(types: &mut OperationTypes) {
        types.callers = vec![VENDOR, PARTNER];
    }
}

impl Input for PartnerView {
    fn describe(types: &mut OperationTypes) {
        types.callers = vec![PARTNER];
    }
}

impl Input for ConversionSender {
    fn describe(types: &mut OperationTypes) {
        types.callers = vec![TRACKING, VENDOR];
    }
}

impl Input for Admin {
    fn describe(types: &mut OperationTypes) {
        types.callers = vec![ADMIN];
    }
}

/// The caller, or the refusal. A ledger without any program cannot judge a key, so it answers 503: browsers drop for
/// good an event that is answered 401 (trust.md section 3).
async fn authenticate(parts: &Parts, ledger: &Ledger) -> Result<Caller, ApiFailure> {
    match identify(parts, ledger).await {
        Ok(caller) => Ok(caller),
        Err(refused) => Err(unknown(ledger, refused).await?),
    }
}

async fn unknown(ledger: &Ledger, refused: Refusal) -> Result<ApiFailure, ApiFailure> {
    if refused.kind == RefusalKind::Unauthorized && !ledger.read(credential::any).await? {
        let message = "the ledger has no program yet; send it again later";
        return Ok(Refusal::new(RefusalKind::NotReady, "not_ready", message)
            .hint("`headwater init` makes a program")
            .into());
    }
    Ok(refused.into())
}

async fn identify(parts: &Parts, ledger: &Ledger) -> Result<Caller, Refusal> {
    let header =
        parts.headers.get(AUTHORIZATION).ok_or_else(|| missing("there is no Authorization header"))?;
    let text = header.to_str().map_err(|_| missing("the Authorization header is not plain text"))?;
    let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text, ""));
    let now = ledger.now();
    let caller = if scheme.eq_ignore_ascii_case("basic") {
        let (public_key, password) = read_pair(rest.trim())
            .ok_or_else(|| missing("Basic authentication must be base64 of public_key:secret_key"))?;
        match ledger.caller_cache().find(&public_key, &password, now) {
            Ok(caller) => Some(caller),
            Err(lookup) => {
                let known = ledger.is_in_process_secret(&password);
                let find =
                    move |unit: &mut Unit<'_>| credential::pair(unit, &public_key, &password, known, now);
                let found = ledger.read(find).await?;
                if let Some((caller, true)) = found {
                    ledger.caller_cache().insert(&lookup, caller, now);
                }
                found.map(|(caller, _)| caller)
            }
        }
    } else if scheme.eq_ignore_ascii_case("bearer") {
        let token = rest.trim().to_owned();
        ledger.read(move |unit| credential::bearer(unit, &token, now)).await?
    } else {
        return Err(missing("the Authorization scheme must be Basic or Bearer"));
    };
    caller.ok_or_else(|| wrong("use both keys of one pair, production or test, or a valid token"))
}

fn read_pair(text: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(LENIENT.decode(text).ok()?).ok().filter(|text| !text.contains('\0'))?;
    pair.split_once(':').map(|(key, secret)| (key.to_owned(), secret.to_owned()))
}

fn missing(message: &str) -> Refusal {
    Refusal::new(RefusalKind::Unauthorized, "unauthorized", message)
}

fn wrong(hint: &str) -> Refusal {
    Refusal::new(RefusalKind::Unauthorized, "unauthorized", "these credentials do not allow this call")
        .hint(hint)
}
