//! How long requests took, by group of routes and by status.

use std::time::Duration;

use headwater_metrics::{DurationsBy, Registry, Unit};
use hyper::StatusCode;

/// Groups of routes. Paths themselves are no label: they hold keys, and anybody can invent more of them.
const ROUTES: &[&str] = &["events", "webhooks", "entries", "script", "api", "conversion", "health", "link"];
/// Classes of statuses; 429 and 503, which ask the sender to come back later, are counted apart.
const STATUSES: &[&str] = &["2xx", "3xx", "4xx", "429", "5xx", "503"];
/// Bounds of the buckets, microseconds.
const BOUNDS: &[u64] =
    &[500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// The durations of a server's requests, up to the head of the answer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct HttpDurations(DurationsBy);

impl Default for HttpDurations {
    fn default() -> Self {
        Self(DurationsBy::new(["route", "status"], ROUTES, STATUSES, BOUNDS))
    }
}

impl HttpDurations {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "How long requests took, by group of routes and status";
        let own = registry.sub_registry_with_prefix("headwater_http");
        own.register_with_unit("request_duration", help, Unit::Seconds, self.0.clone());
    }

    /// Counts a request of the group number `route`, from [`route`].
    pub(crate) fn observe(&self, route: usize, status: StatusCode, took: Duration) {
        let class = match status.as_u16() {
            429 => 3,
            503 => 5,
            200..=299 => 0,
            300..=399 => 1,
            400..=499 => 2,
            _ => 4,
        };
        self.0.observe(route, class, took);
    }
}

/// The number of the group that a path belongs to.
pub(crate) fn route(path: &str) -> usize {
    match path {
        "/v1/events" => 0,
        "/v1/" | "/partnerstack.min.js" | "/growsumo.min.js" | "/pr/js" => 3,
        "/healthz" => 6,
        _ if path.starts_with("/v1/webhooks/") => 1,
        _ if path.starts_with("/v1/entries") => 2,
        _ if path.starts_with("/script/")
            || (path.starts_with("/headwater") && path.strip_suffix(".js").is_some()) =>
        {
            3
        }
        _ if path.starts_with("/api/") => 4,
        _ if path.starts_with("/conversion/") => 5,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_belongs_to_a_group_that_says_nothing_about_who_asked() {
        let paths = [
            ("/v1/events", "events"),
            ("/v1/webhooks/stripe/pk_test_example", "webhooks"),
            ("/v1/entries/019365b2/replay", "entries"),
            ("/headwater.js", "script"),
            ("/script/headwater-0000.js", "script"),
            ("/api/v2/customers/gk_1", "api"),
            ("/conversion/xid", "conversion"),
            ("/healthz", "health"),
            ("/robin", "link"),
            ("/headwaters", "link"),
        ];
        for (path, group) in paths {
            assert_eq!(ROUTES[route(path)], group, "{path}");
        }
    }
}
