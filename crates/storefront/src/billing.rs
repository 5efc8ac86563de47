//! The billing simulator: checkouts, payments, refunds and cancellations of the site's customers, each reported to
//! Headwater by signed webhooks. As at a real provider, a payment does not wait for its webhooks: it succeeds at once,
//! and they follow in order and are retried until they are accepted.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::Environment;
use crate::example::{Offer, offer};
use crate::site::{Site, SiteSubscription};
use crate::stripe::{self, Account, DisputeState};

/// Webhooks waiting to be sent; requests that would exceed it are refused until some are sent.
const QUEUE_MAX: usize = 1024;
/// Attempts before a webhook is given up: with the pauses below, half an hour.
const ATTEMPTS_MAX: u32 = 600;
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// The simulated provider.
#[derive(Clone)]
pub struct Billing {
    site: Arc<Site>,
    environment: Environment,
    queue: mpsc::Sender<Vec<u8>>,
}

/// How much of a payment is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Half of it, rounded down; the rest, when less is left.
    Half,
    /// All that is left.
    Rest,
}

/// Why the provider refuses a request.
#[derive(Debug)]
pub enum BillingError {
    /// An unknown product, or none; a sentence for the visitor.
    Invalid(String),
    /// No such customer.
    UnknownCustomer,
    /// The request does not fit the state of the subscription; a sentence for the visitor.
    Conflict(String),
    /// Too many webhooks wait to be sent.
    Busy,
    /// The site's file could not be written.
    Site(anyhow::Error),
}

impl From<anyhow::Error> for BillingError {
    fn from(error: anyhow::Error) -> Self {
        Self::Site(error)
    }
}

/// The task that sends the provider's webhooks.
pub struct WebhookSender {
    queue: mpsc::Receiver<Vec<u8>>,
    connections: reqwest::Client,
    address: String,
    site: Arc<Site>,
    environment: Environment,
}

/// A provider whose webhooks go to `address`, and the task that sends them.
pub fn start(
    site: Arc<Site>,
    environment: Environment,
    address: String,
) -> anyhow::Result<(Billing, WebhookSender)> {
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let connections = headwater_client::connections().no_proxy().timeout(Duration::from_secs(10)).build()?;
    let sender = WebhookSender { queue: waiting, connections, address, site: site.clone(), environment };
    Ok((Billing { site, environment, queue }, sender))
}

impl Billing {
    /// Begins a subscription, not yet paid. The same choice again gives the same subscription.
    pub fn checkout(
        &self,
        customer_key: &str,
        products: &[String],
    ) -> Result<SiteSubscription, BillingError> {
        let offers = offers(products)?;
        let chosen: Vec<String> = offers.iter().map(|offer| offer.key.to_owned()).collect();
        let fresh = SiteSubscription {
            id: self.environment.id("sub_"),
            products: chosen.clone(),
            chosen_at: (self.environment.now)(),
            paid_at: None,
            invoice: None,
            renewed: false,
            refunded: 0,
            disputed: false,
            cancelled: false,
        };
        let begun = self.site.change(customer_key, |member| {
            let same = |unpaid: &SiteSubscription| unpaid.paid_at.is_none() && unpaid.products == chosen;
            if !member.subscription.as_ref().is_some_and(same) {
                member.subscription = Some(fresh);
            }
            member.subscription.clone()
        })?;
        begun.flatten().ok_or(BillingError::UnknownCustomer)
    }

    /// Takes the first payment of the open subscription and gives the invoice's id; paying twice gives the
    /// same.
    pub fn pay(&self, customer_key: &str, products: &[String]) -> Result<String, BillingError> {
        let offers = offers(products)?;
        let subscription = self.subscription(customer_key)?;
        if !subscription.products.iter().map(String::as_str).eq(offers.iter().map(|offer| offer.key)) {
            return Err(BillingError::Conflict("these are not the products of the open checkout".to_owned()));
        }
        if let Some(invoice) = subscription.invoice {
            return Ok(invoice);
        }
        self.charge(customer_key, true)
    }

    /// Takes another month's payment, also of a cancelled subscription: its last invoice.
    pub fn renew(&self, customer_key: &str) -> Result<String, BillingError> {
        self.paid_subscription(customer_key)?;
        self.charge(customer_key, false)
    }

    /// Gives back what is left of the latest payment, or half of it.
    pub fn refund(&self, customer_key: &str, share: Share) -> Result<String, BillingError> {
        let mut subscription = self.paid_subscription(customer_key)?;
        let invoice = subscription.invoice.clone().unwrap_or_default();
        let total: i64 = offers(&subscription.products)?.iter().map(|offer| offer.amount).sum();
        let left = total - subscription.refunded;
        let amount = if share == Share::Half { (total / 2).min(left) } else { left };
        if amount == 0 {
            return Err(BillingError::Conflict("all of the last payment was given back already".to_owned()));
        }
        if subscription.disputed {
            return Err(BillingError::Conflict("a disputed payment cannot be refunded".to_owned()));
        }
        subscription.refunded += amount;
        let refunded = subscription.refunded;
        self.queue_webhooks(customer_key, &subscription, 2, |environment, account| {
            vec![
                ("refund.created", stripe::refund(environment, &invoice, amount)),
                ("charge.refunded", stripe::charge(environment, account, &invoice, refunded)),
            ]
        })?;
        self.save(customer_key, subscription)?;
        Ok(invoice)
    }

    /// The customer's bank takes the latest payment back.
    pub fn dispute(&self, customer_key: &str) -> Result<String, BillingError> {
        let subscription = self.paid_subscription(customer_key)?;
        if subscription.disputed || subscription.refunded > 0 {
            return Err(BillingError::Conflict(
                "the last payment was disputed or refunded already".to_owned(),
            ));
        }
        self.settle_dispute(customer_key, subscription, DisputeState::Opened)
    }

    /// The bank decides the dispute in favour of the company.
    pub fn win(&self, customer_key: &str) -> Result<String, BillingError> {
        let subscription = self.paid_subscription(customer_key)?;
        if !subscription.disputed {
            return Err(BillingError::Conflict("the last payment is not disputed".to_owned()));
        }
        self.settle_dispute(customer_key, subscription, DisputeState::Won)
    }

    fn settle_dispute(
        &self,
        customer_key: &str,
        mut subscription: SiteSubscription,
        stands: DisputeState,
    ) -> Result<String, BillingError> {
        let invoice = subscription.invoice.clone().unwrap_or_default();
        subscription.disputed = stands == DisputeState::Opened;
        let kind = match stands {
            DisputeState::Opened => "charge.dispute.created",
            DisputeState::Won => "charge.dispute.closed",
        };
        self.queue_webhooks(customer_key, &subscription, 1, |environment, account| {
            vec![(kind, stripe::dispute(environment, account, &invoice, stands))]
        })?;
        self.save(customer_key, subscription)?;
        Ok(invoice)
    }

    /// Ends the subscription: its products are churned.
    pub fn cancel(&self, customer_key: &str) -> Result<String, BillingError> {
        let mut subscription = self.paid_subscription(customer_key)?;
        subscription.cancelled = true;
        self.queue_webhooks(customer_key, &subscription, 1, |_, account| {
            vec![("customer.subscription.deleted", stripe::subscription(account))]
        })?;
        self.save(customer_key, subscription.clone())?;
        Ok(subscription.id)
    }

    /// Charges a month. The first payment also sends the events that create the customer and the subscription.
    fn charge(&self, customer_key: &str, first: bool) -> Result<String, BillingError> {
        let mut subscription = self.subscription(customer_key)?;
        let invoice = self.environment.id("in_");
        subscription.paid_at = Some((self.environment.now)());
        subscription.invoice = Some(invoice.clone());
        (subscription.renewed, subscription.refunded, subscription.disputed) = (!first, 0, false);
        self.queue_webhooks(
            customer_key,
            &subscription,
            if first { 4 } else { 2 },
            |environment, account| {
                let mut webhooks = vec![
                    ("invoice.paid", stripe::invoice(environment, account, &invoice)),
                    ("invoice_payment.paid", stripe::invoice_payment(environment, account, &invoice)),
                ];
                if first {
                    webhooks.insert(0, ("customer.subscription.created", stripe::subscription(account)));
                    webhooks.insert(0, ("customer.created", stripe::customer(account)));
                }
                webhooks
            },
        )?;
        self.save(customer_key, subscription)?;
        Ok(invoice)
    }

    /// Queues `count` webhooks, all or none. Callers save the subscription only after that, so that no state is without
    /// its webhooks.
    fn queue_webhooks(
        &self,
        customer_key: &str,
        subscription: &SiteSubscription,
        count: usize,
        messages: impl FnOnce(&Environment, &Account<'_>) -> Vec<(&'static str, Value)>,
    ) -> Result<(), BillingError> {
        let member = self.site.member(customer_key).ok_or(BillingError::UnknownCustomer)?;
        let places = self.queue.try_reserve_many(count).map_err(|_| BillingError::Busy)?;
        let offers = offers(&subscription.products)?;
        let account = Account { customer_key, member: &member, subscription, offers: &offers };
        for (place, (kind, object)) in places.zip(messages(&self.environment, &account)) {
            place.send(stripe::event(&self.environment, kind, &object).to_string().into_bytes());
        }
        Ok(())
    }

    fn save(&self, customer_key: &str, subscription: SiteSubscription) -> Result<(), BillingError> {
        self.site
            .change(customer_key, |member| member.subscription = Some(subscription))?
            .ok_or(BillingError::UnknownCustomer)
    }

    fn subscription(&self, customer_key: &str) -> Result<SiteSubscription, BillingError> {
        let member = self.site.member(customer_key).ok_or(BillingError::UnknownCustomer)?;
        member.subscription.ok_or_else(|| BillingError::Conflict("begin a checkout first".to_owned()))
    }

    fn paid_subscription(&self, customer_key: &str) -> Result<SiteSubscription, BillingError> {
        let subscription = self.subscription(customer_key)?;
        if subscription.invoice.is_none() {
            return Err(BillingError::Conflict("nothing has been paid yet".to_owned()));
        }
        Ok(subscription)
    }
}

impl WebhookSender {
    /// Sends until every [`Billing`] is gone.
    pub async fn run(mut self) {
        while let Some(body) = self.queue.recv().await {
            self.deliver(body).await;
        }
    }

    async fn deliver(&self, body: Vec<u8>) {
        let mut pause = PAUSE_MIN;
        for _ in 0..ATTEMPTS_MAX {
            let signature = stripe::sign(&self.site.webhook_secret(), (self.environment.now)(), &body);
            let request = self
                .connections
                .post(&self.address)
                .header("content-type", "application/json")
                .header("stripe-signature", signature)
                .body(body.clone());
            match request.send().await.map(|response| response.status()) {
                Ok(status) if status.is_success() => return,
                Ok(status) if status.as_u16() == 400 => {
                    eprintln!("storefront: a webhook was not understood (400); it is not sent again");
                    return;
                }
                _ => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        eprintln!("storefront: a webhook was given up after {ATTEMPTS_MAX} attempts");
    }
}

/// The offers of these keys in the catalogue's order, each once.
fn offers(keys: &[String]) -> Result<Vec<&'static Offer>, BillingError> {
    if let Some(unknown) = keys.iter().find(|key| offer(key).is_none()) {
        return Err(BillingError::Invalid(format!("'{unknown}' is not sold here")));
    }
    if keys.is_empty() {
        return Err(BillingError::Invalid("choose at least one product".to_owned()));
    }
    Ok(crate::example::OFFERS.iter().filter(|offer| keys.iter().any(|key| key == offer.key)).collect())
}
