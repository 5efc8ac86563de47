//! `POST /v1/webhooks/{provider}/{public_key}`: webhooks of billing providers. The key in the path names the program
//! and the mode, production or test; the signature proves that the provider sent it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use headwater_protocol::limits::WEBHOOK_BODY_MAX;
use headwater_protocol::v2::BillingProvider;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::body;
use super::error::IngestionFailure;
use crate::Relay;
use crate::billing::{self, WebhookError};

/// The answer to a webhook.
#[derive(Serialize)]
pub(crate) struct WebhookAnswer {
    /// How many events were made of it; 0 for a type that is not about customers or money.
    events: usize,
}

pub(crate) async fn post_webhook(
    State(relay): State<Relay>,
    Path((provider, public_key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<WebhookAnswer>, IngestionFailure> {
    let answered = accept(&relay, &provider, &public_key, &headers, body).await;
    answered.inspect_err(|failure| relay.metrics.refused(&failure.body().code, 1))
}

async fn accept(
    relay: &Relay,
    provider: &str,
    public_key: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Json<WebhookAnswer>, IngestionFailure> {
    let name = BillingProvider::from_name(provider).ok_or_else(|| {
        let message = format!("no billing provider is called '{provider}' here");
        IngestionFailure::new(StatusCode::NOT_FOUND, "unknown_provider", message).hint(&format!(
            "use /v1/webhooks/<provider>/<public key> with one of {}",
            BillingProvider::names()
        ))
    })?;
    let program = relay.programs.by_public_key(public_key).ok_or_else(|| {
        IngestionFailure::new(
            StatusCode::NOT_FOUND,
            "unknown_public_key",
            "the address names no program of this server",
        )
    })?;
    let secret = program.webhook_secrets.get(&name).ok_or_else(|| {
        let message = format!("this program has no secret to verify webhooks of '{provider}' with");
        IngestionFailure::new(StatusCode::UNAUTHORIZED, "no_webhook_secret", message).hint(&format!(
            "set it: PATCH /api/v2/program {{\"webhook_secrets\": {{\"{provider}\": \"…\"}}}}"
        ))
    })?;
    let provider = billing::provider(name);
    let body = body::read(body, WEBHOOK_BODY_MAX, "no event of the provider is so large").await?;
    let now = relay.now();
    // Before the body is parsed: it may be anybody's.
    provider.verify(headers, &body, secret, now).map_err(failure)?;
    let webhook = provider.read(&body, &billing::scope(&program)).map_err(failure)?;
    let entries: Vec<_> = webhook.events.iter().map(|said| said.entry(&program, now)).collect();
    let taken = entries.len();
    // A type that is not about customers or money is acknowledged too, or the provider would send it again.
    if taken > 0 || !webhook.facts.is_empty() {
        let appended = relay.journal.append_with_facts(entries, webhook.facts, now.0).await?;
        relay.metrics.appended_from_billing(&appended);
    }
    Ok(Json(WebhookAnswer { events: taken }))
}

fn failure(refusal: WebhookError) -> IngestionFailure {
    match refusal {
        WebhookError::Signature(reason) => {
            IngestionFailure::new(StatusCode::UNAUTHORIZED, "bad_signature", reason)
                .hint("compare the signing secret with the provider's dashboard")
        }
        WebhookError::Body(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use headwater_journal::{Filter, Journal, MIGRATIONS};
    use headwater_protocol::Millis;
    use headwater_protocol::v2::BillingProvider;
    use hmac::{Hmac, Mac as _};
    use http::{Request, StatusCode};
    use sha2::Sha256;
    use tower::ServiceExt as _;

    use crate::{Relay, RelayProgram, RelayPrograms, Scripts};

    const SECRET: &str = "whsec_example";
    const SECONDS: i64 = 1_775_514_585;

    fn program(id: i64, test: bool, key: &str) -> RelayProgram {
        RelayProgram {
            id,
            public_key: key.to_owned(),
            test,
            webhook_secrets: [(BillingProvider::Stripe, SECRET.to_owned().into())].into(),
            ..RelayProgram::default()
        }
    }

    #[tokio::test]
    async fn every_program_and_mode_of_one_stripe_account_gets_an_event_once() {
        let directory = tempfile::tempdir().unwrap();
        let store = headwater_teststore::open(directory.path(), "journal", MIGRATIONS);
        let journal = Journal::open(store);
        let programs = RelayPrograms::default();
        programs.replace(vec![
            program(1, false, "pk_one"),
            program(1, true, "pk_test"),
            program(2, false, "pk_two"),
        ]);
        let clock = Arc::new(|| Millis(SECONDS * 1000));
        let rates = crate::http::tests::rates(600);
        let relay = Relay::new(programs, journal.clone(), clock, Scripts::default(), rates);
        let body = include_str!("../../tests/fixtures/stripe/2025-03-31-invoice.paid-exclusive-tax.json");
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{SECONDS}.{body}").as_bytes());
        let signature = format!("t={SECONDS},v1={}", hex::encode(mac.finalize().into_bytes()));
        for key in ["pk_one", "pk_test", "pk_two", "pk_one"] {
            let request = Request::post(format!("/v1/webhooks/stripe/{key}"))
                .header("stripe-signature", &signature)
                .body(Body::from(body))
                .unwrap();
            let answer = crate::http::router(relay.clone()).oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
        for (program, test) in [(1, false), (1, true), (2, false)] {
            let filter = Filter { program, test, limit: 10, ..Filter::default() };
            let found = journal.list(filter).await.unwrap();
            assert_eq!(found.len(), 1, "of program {program}");
            assert_eq!((found[0].source.as_str(), found[0].kind.as_str()), ("billing", "payment"));
        }
    }
}
