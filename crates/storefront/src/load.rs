//! Loads the GigaKick example into a program through API v2, as a company would. Existing records stay and missing ones
//! are created, so that it can run at every start.

use std::collections::BTreeMap;

use headwater_client::{Client, Credential};
use headwater_protocol::Currency;
use headwater_protocol::v2::{
    BillingProvider, CreateGroup, CreateLink, CreatePartnership, CreateProductBook, CreateTrigger,
    Eligibility, Operator, PercentCommission, Rule, RuleLeaf, RuleScope, TriggerAction, TriggerEvent,
    UpdateProgram,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::example::{GROUP, LINK_SLUG, OFFERS, Offer, PARTNER};
use crate::site::Site;

/// What `headwater init --json` printed. No `Debug`: most of it is secret.
#[derive(Clone, Deserialize)]
pub struct CredentialsFile {
    /// `pk_…`; pages carry it.
    pub public_key: String,
    /// Its secret.
    pub secret_key: SecretString,
    /// Opens the program's settings.
    pub admin_token: SecretString,
}

/// The clients through which the backend reads Headwater, and the partner's link.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The company's client.
    pub vendor: Client,
    /// The partner's client.
    pub partner: Client,
    /// The partner's link, for visitors to click.
    pub link: String,
    /// The catalogue: `pbook_…` to name.
    pub names: Names,
}

/// Catalogue keys and the names of their products.
pub type Names = BTreeMap<String, String>;

/// One page, which is enough for all records of a small program.
const ALL: headwater_client::Query<'static> = &[("limit", "250")];

/// Loads the example. `headwater` is the ledger's base address, `origin` this site's own.
pub async fn load(
    credentials: &CredentialsFile,
    headwater: &str,
    origin: &str,
    site: &Site,
) -> anyhow::Result<Clients> {
    let pair = Credential::basic(credentials.public_key.clone(), credentials.secret_key.clone(), None);
    let vendor = Client::http(headwater, pair)?;
    let admin = Client::http(headwater, Credential::bearer(credentials.admin_token.clone()))?;
    settings(&admin, origin, site.webhook_secret()).await?;
    let names = catalogue(&vendor).await?;
    let group = group(&vendor).await?;
    let partnership = partnership(&vendor, &group).await?;
    let link = link(&vendor, &partnership, origin).await?;
    triggers(&vendor, &group).await?;
    site.begin_after(highest_customer(&vendor).await?);
    let token = vendor.create_partner_token(&partnership).await?.data.token;
    let partner = Client::http(headwater, Credential::bearer(SecretString::from(token)))?;
    Ok(Clients { vendor, partner, link, names })
}

async fn settings(admin: &Client, origin: &str, webhook_secret: String) -> anyhow::Result<()> {
    let program = admin.program().await?.data;
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let change = UpdateProgram {
        origins: Some(with(program.origins, origin)),
        link_destinations: Some(with(program.link_destinations, host)),
        webhook_secrets: Some([(BillingProvider::Stripe, webhook_secret)].into()),
        ..UpdateProgram::default()
    };
    admin.update_program(&change).await?;
    Ok(())
}

fn with(mut list: Vec<String>, item: &str) -> Vec<String> {
    if !list.iter().any(|known| known == item) {
        list.push(item.to_owned());
    }
    list
}

async fn catalogue(vendor: &Client) -> anyhow::Result<Names> {
    let mut known = vendor.list_product_books(ALL).await?.data.items;
    for offer in OFFERS {
        if known.iter().any(|entry| entry.external_key.as_deref() == Some(offer.key)) {
            continue;
        }
        let entry = CreateProductBook {
            name: offer.name.to_owned(),
            description: Some(offer.description.to_owned()),
            external_key: Some(offer.key.to_owned()),
            key: None,
        };
        known.push(vendor.create_product_book(&entry).await?.data);
    }
    Ok(known.into_iter().map(|entry| (entry.key, entry.name)).collect())
}

async fn group(vendor: &Client) -> anyhow::Result<String> {
    let (name, slug) = GROUP;
    let known = vendor.list_groups(ALL).await?.data.items;
    if let Some(group) = known.into_iter().find(|group| group.slug == slug) {
        return Ok(group.key);
    }
    let group = CreateGroup {
        name: name.to_owned(),
        slug: Some(slug.to_owned()),
        default: Some(true),
        ..CreateGroup::default()
    };
    Ok(vendor.create_group(&group).await?.data.key)
}

async fn partnership(vendor: &Client, group: &str) -> anyhow::Result<String> {
    let (first_name, last_name, email) = PARTNER;
    let known = vendor.list_partnerships(ALL).await?.data.items;
    if let Some(partnership) = known.into_iter().find(|partnership| partnership.email == email) {
        return Ok(partnership.key);
    }
    let partner = CreatePartnership {
        email: email.to_owned(),
        first_name: Some(first_name.to_owned()),
        last_name: Some(last_name.to_owned()),
        group_key: Some(group.to_owned()),
        ..CreatePartnership::default()
    };
    Ok(vendor.create_partnership(&partner).await?.data.key)
}

/// The partner's link to this site. A link leads to one place: a site that has moved to another port gets a
/// second one.
async fn link(vendor: &Client, partnership: &str, origin: &str) -> anyhow::Result<String> {
    let dest = format!("{origin}/");
    let known = vendor.list_links(partnership, ALL).await?.data.items;
    if let Some(link) = known.iter().find(|link| link.dest == dest) {
        return Ok(link.url.clone());
    }
    let port = origin.rsplit(':').next().unwrap_or_default();
    let taken = known.iter().any(|link| link.slug == LINK_SLUG);
    let slug = if taken { format!("{LINK_SLUG}-{port}") } else { LINK_SLUG.to_owned() };
    let link = CreateLink { partnership_key: partnership.to_owned(), dest, slug: Some(slug) };
    Ok(vendor.create_link(&link).await?.data.url)
}

async fn triggers(vendor: &Client, group: &str) -> anyhow::Result<()> {
    let known = vendor.list_triggers(ALL).await?.data.items;
    for offer in OFFERS {
        let trigger = trigger(&offer, group);
        if !known.iter().any(|made| made.name == trigger.name) {
            vendor.create_trigger(&trigger).await?;
        }
    }
    Ok(())
}

/// Seed 001, step 3: «Product: Name is any of …, nested: Status is any of Active».
fn trigger(offer: &Offer, group: &str) -> CreateTrigger {
    let leaf = |field: &str, value: &str| {
        Rule::Leaf(RuleLeaf {
            object: None,
            field: field.to_owned(),
            operator: Operator::IsAnyOf,
            value: json!([value]),
        })
    };
    CreateTrigger {
        name: format!("{}% of every active {}", offer.percent, offer.name),
        offer_description: format!("Earn {}% for every {} sale", offer.percent, offer.name),
        event: TriggerEvent::TransactionCreated,
        rules: Some(Rule::Where(RuleScope {
            object: "product".to_owned(),
            rules: vec![leaf("name", offer.name), leaf("status", "active")],
        })),
        action: TriggerAction::CommissionPercent(PercentCommission {
            percent: offer.percent.into(),
            ..PercentCommission::default()
        }),
        eligibility: Eligibility { groups: vec![group.to_owned()], tags: Vec::new() },
    }
}

/// The highest `gk_<n>` among the newest customers, so that a site that lost its state file repeats no number.
async fn highest_customer(vendor: &Client) -> anyhow::Result<u64> {
    let newest = vendor.list_customers(ALL).await?.data.items;
    let numbers = newest.iter().filter_map(|customer| customer.customer_key.as_deref()?.strip_prefix("gk_"));
    Ok(numbers.filter_map(|number| number.parse().ok()).max().unwrap_or(0))
}

/// The example's one currency.
pub const CURRENCY: Currency = Currency::USD;
