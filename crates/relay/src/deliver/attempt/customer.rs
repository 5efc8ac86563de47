//! Signups, and the customer ids of billing providers.

use headwater_client::ClientError;
use headwater_protocol::Source;
use headwater_protocol::event::{CustomerRef, ProviderCustomer, Signup};
use headwater_protocol::v2::{ClaimPolicy, Conversion, CreateCustomer, UpdateCustomer};

use super::error::AttemptError;
use super::{Attempt, is_missing, sent};

impl Attempt<'_> {
    pub(super) async fn signup(&self, signup: Signup) -> Result<(), AttemptError> {
        let customer_key = signup.customer_key().unwrap_or_default().to_owned();
        let (amount, currency) = (signup.amount, signup.currency);
        self.customer_of(signup, &customer_key).await?;
        match (amount, currency) {
            (Some(amount), Some(currency))
                if amount > 0 && self.program.checkout_amounts == ClaimPolicy::Accept =>
            {
                self.claimed_payment(&customer_key, None, amount, currency, None).await
            }
            _ => Ok(()),
        }
    }

    async fn customer_of(&self, signup: Signup, customer_key: &str) -> Result<(), AttemptError> {
        // A partner that the page itself named counts alone. The click beside it may be another partner's, and a
        // partner key and a click id must be of the same click (trust.md section 2).
        let by_page = signup.credited_by.as_deref() == Some("page");
        let partner_key = signup.partner_key().map(str::to_owned);
        let xid = signup.xid.clone().filter(|_| !by_page || partner_key.is_none());
        let mut why = "no partner is named".to_owned();
        if let Some(xid) = xid {
            let conversion = Conversion {
                customer_key: customer_key.to_owned(),
                email: signup.email.clone(),
                name: signup.full_name(),
                provider_key: signup.provider_key.clone(),
                sub_ids: signup.sub_ids.clone(),
                meta: signup.meta.clone(),
                partner_key: partner_key.clone(),
                xid,
            };
            let answer = self.client.conversion(&conversion, Some(&self.idempotency_key(0))).await;
            if !answer.as_ref().is_ok_and(|answer| answer.data.outcome == "unknown_xid") {
                return sent(answer).map_err(AttemptError::from);
            }
            why = format!("nobody knows the click '{}'", conversion.xid);
            // With a partner key, the customer is created below. Our ledger has tried the key already; another
            // destination has not.
            if partner_key.is_none() {
                return Err(AttemptError::Unattributed(why));
            }
        }
        let customer = CreateCustomer {
            email: signup.email.clone().unwrap_or_default(),
            customer_key: Some(customer_key.to_owned()),
            partner_key,
            name: signup.full_name(),
            provider_key: signup.provider_key.clone(),
            meta: signup.meta,
            ..CreateCustomer::default()
        };
        self.create_customer(customer, &self.idempotency_key(1), &why).await
    }

    /// Creates a customer. An existing one is a success. An unknown partner, as in a fabricated link, creates none: the
    /// program did not ask for organic customers.
    async fn create_customer(
        &self,
        customer: CreateCustomer,
        idem: &str,
        why: &str,
    ) -> Result<(), AttemptError> {
        match self.client.create_customer(&customer, Some(idem)).await {
            Err(error) if error.code() == "customer_exists" => Ok(()),
            Err(error) if matches!(error.code(), "unknown_partner" | "unknown_xid" | "unattributed") => {
                let reason = if customer.partner_key.is_some() { error.to_string() } else { why.to_owned() };
                Err(AttemptError::Unattributed(reason))
            }
            // A destination that is not ours answers without a code. Whether the conflict is with this customer is
            // found by reading it.
            Err(error) if error.status() == Some(409) && error.code().is_empty() => {
                let key = customer.customer_key.as_deref().unwrap_or(&customer.email);
                match sent(self.client.customer(key).await) {
                    Ok(()) => Ok(()),
                    Err(missing) if missing.status() == Some(404) => {
                        Err(AttemptError::needs_decision(&error, Vec::new()))
                    }
                    Err(other) => Err(other.into()),
                }
            }
            other => sent(other).map_err(AttemptError::from),
        }
    }

    /// Records a provider's id for a customer; creates the customer if it does not exist and the event names a partner
    /// and an address.
    pub(super) async fn provider_customer(&self, known: ProviderCustomer) -> Result<(), AttemptError> {
        let waits_for = self.names(&CustomerRef::by_key(known.customer.customer_key.as_deref()).names());
        let CustomerRef { customer_key: Some(customer_key), provider_key, email } = known.customer else {
            return Ok(()); // without the site's own key there is no customer to update
        };
        let error = match self.set_provider_key(&customer_key, provider_key.as_ref()).await {
            Err(error) if is_missing(&error) => error,
            Err(error) if error.status() == Some(409) => {
                return Err(AttemptError::needs_decision(&error, waits_for));
            }
            other => return other.map_err(AttemptError::from),
        };
        let (Some(email), Some(partner_key)) = (email, known.partner_key) else {
            return Err(AttemptError::not_yet(&error, waits_for));
        };
        let customer = CreateCustomer {
            email,
            customer_key: Some(customer_key),
            partner_key: Some(partner_key),
            name: known.name,
            provider_key,
            ..CreateCustomer::default()
        };
        self.create_customer(customer, &self.idempotency_key(0), "no partner is named").await
    }

    /// Sets the provider's id of a customer. An id from a page (a buyer may have edited it) is sent only for a customer
    /// without one, because a destination that is not ours would overwrite the known id.
    async fn set_provider_key(&self, key: &str, provider_key: Option<&String>) -> Result<(), ClientError> {
        if self.source == Source::Page {
            match self.client.customer(key).await {
                Ok(found) if found.data.provider_key.is_none() => {}
                Err(ClientError::Unreadable(_)) | Ok(_) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let change = UpdateCustomer { provider_key: provider_key.cloned(), ..UpdateCustomer::default() };
        sent(self.client.update_customer(key, &change).await)
    }
}
