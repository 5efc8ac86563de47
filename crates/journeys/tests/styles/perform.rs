//! Runs a row step by step, and checks at its end what must be true of every row.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::browser::Browser;
use crate::case::{Case, Heard};
use crate::deadline::eventually;
use crate::relay::RelayBehaviour;
use crate::server::Stage;
use crate::style::{Step, Style};

/// Requests that the page sends after all those that it was about to send. Three of them, one after the other, because
/// the browser grants a lock and fires a timer asynchronously.
const SENTINEL: &str = "
    const done = arguments[arguments.length - 1];
    const again = async (times) => {
      for (; times; times--) {
        await new Promise((next) => setTimeout(next));
        const ask = (origin) => fetch(origin + '/-/sentinel', { method: 'POST', mode: 'no-cors' });
        await ask('{relay}').catch(() => ask('{site}'));
      }
    };
    again(3).then(() => done(true), (error) => done(String(error)));";

/// Runs a row; the error says at which step it failed, and what had been received.
pub(crate) async fn perform(
    style: &Style,
    number: usize,
    stage: &Stage,
    browser: &mut Browser,
) -> Result<(), String> {
    let case = stage.begin(style, number);
    let mut row = Row { case: Arc::clone(&case), browser };
    let mut outcome = Ok(());
    for step in style.steps.iter().chain([&Step::Settled]) {
        outcome = row.step(step).await.map_err(|error| format!("{step:?}\n  {error}"));
        if outcome.is_err() {
            break;
        }
    }
    let outcome = outcome.and_then(|()| at_the_end(&case, style));
    // Releases the requests that a slow relay still holds.
    case.behaviour.send_replace(RelayBehaviour::Works);
    outcome.map_err(|error| format!("{error}\n{:#?}", case.seen()))?;
    row.browser.clear().await
}

struct Row<'a> {
    case: Arc<Case>,
    browser: &'a mut Browser,
}

impl Row<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        let names = self.case.names.clone();
        match step {
            Step::Open(address) if address.starts_with('/') => {
                self.browser.go(&names.expand(&format!("{{site}}{address}"))).await
            }
            Step::Open(address) => self.browser.go(&names.expand(address)).await,
            Step::Back => self.browser.back().await,
            Step::Reload => self.browser.reload().await,
            Step::Tab => self.browser.tab().await,
            Step::Switch(tab) => self.browser.switch(*tab).await,
            Step::Do(script) => self.browser.act(&names.expand(script), &names.expand("{nonce}")).await,
            Step::Relay(behaviour) => {
                self.case.behaviour.send_replace(behaviour.clone());
                Ok(())
            }
            // Pages and requests take their time, so expectations are polled until they hold.
            Step::Is(expression, value) => {
                let (script, value) = (names.expand(&format!("return {expression}")), names.expand_in(value));
                eventually(async || same(&self.browser.ask(&script).await?, &value)).await
            }
            Step::Cookies(cookies) => {
                let wanted =
                    cookies.iter().map(|(name, value)| format!("{name}={}", names.expand(value))).collect();
                eventually(async || same(&self.cookies().await?, &wanted)).await
            }
            Step::Ends(cookie, seconds) => {
                let ends = self.browser.expiry(cookie).await?.ok_or("it ends with the session")?;
                let left = ends - now();
                if seconds.contains(&left) { Ok(()) } else { Err(format!("it ends in {left} seconds")) }
            }
            Step::Said(name, value) => {
                let value = names.expand_in(value);
                eventually(async || self.said(name, &value)).await
            }
            Step::Taken(kind, members) => {
                let members = names.expand_in(members);
                eventually(async || self.heard(kind, &members, |heard| heard.taken > 0)).await
            }
            Step::Heard(kind, members) => {
                let members = names.expand_in(members);
                eventually(async || self.heard(kind, &members, |_| true)).await
            }
            Step::Requests(count) => {
                eventually(async || {
                    let seen = self.case.seen().requests;
                    if count.contains(&seen) { Ok(()) } else { Err(format!("{seen} requests")) }
                })
                .await
            }
            Step::Settled => {
                let before = self.case.seen().sentinels;
                same(&self.browser.wait(&names.expand(SENTINEL)).await?, &Value::Bool(true))?;
                same(&self.case.seen().sentinels, &(before + 3))
            }
        }
    }

    async fn cookies(&self) -> Result<BTreeSet<String>, String> {
        let jar = self.browser.ask("return document.cookie").await?;
        let pairs = jar.as_str().unwrap_or_default().split("; ").filter(|pair| !pair.is_empty());
        Ok(pairs.map(str::to_owned).collect())
    }

    fn said(&self, name: &str, value: &Value) -> Result<(), String> {
        let mut seen = self.case.seen();
        let place =
            seen.said.iter().position(|(said, is)| said == name && is == value).ok_or("it was not said")?;
        seen.said.remove(place);
        Ok(())
    }

    fn heard(&self, kind: &str, members: &Value, wanted: impl Fn(&Heard) -> bool) -> Result<(), String> {
        let mut seen = self.case.seen();
        let fits = |heard: &&mut Heard| {
            let event: Value = serde_json::from_str(&heard.text).unwrap_or_default();
            !heard.expected && wanted(heard) && event["type"] == kind && holds(&event["data"], members)
        };
        seen.events
            .values_mut()
            .find(fits)
            .map(|heard| heard.expected = true)
            .ok_or_else(|| "no such event".to_owned())
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_secs()).expect("it is not that late")
}

fn same<T: PartialEq + std::fmt::Debug>(seen: &T, wanted: &T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("it is {seen:?}, and not {wanted:?}")) }
}

/// Whether data has these members with these values; `null` stands for a missing member.
fn holds(data: &Value, members: &Value) -> bool {
    let Value::Object(members) = members else { unreachable!("rows write objects") };
    members.iter().all(|(name, value)| data.get(name).unwrap_or(&Value::Null) == value)
}

fn at_the_end(case: &Case, style: &Style) -> Result<(), String> {
    let seen = case.seen();
    if !seen.noise.is_empty() {
        return Err("something unexpected happened, see `noise`".to_owned());
    }
    if !seen.said.is_empty() {
        return Err("the page said more than the row expects".to_owned());
    }
    if seen.events.values().any(|heard| !heard.expected) {
        return Err("the relay heard more than the row expects".to_owned());
    }
    let relay_failed = style.steps.iter().any(|step| matches!(step, Step::Relay(_)));
    let repeated = seen.events.values().any(|heard| heard.times > 1);
    if repeated && !style.repeats && !relay_failed {
        return Err("an event came more than once".to_owned());
    }
    Ok(())
}
