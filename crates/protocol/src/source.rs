//! Who says a fact (trust.md section 1). It decides what the fact may change.

/// Header by which a holder of the secret key, such as the relay, names the source of what it sends. Without the header
/// the source is the vendor.
pub const SOURCE_HEADER: &str = "headwater-source";

/// Who says a fact, the least trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A page, with the public key that everybody may read: a claim.
    Page,
    /// A page that shows the site's signature of its `customer_key`, which proves the customer's identity.
    Signed,
    /// A billing provider, by a webhook whose signature was verified.
    Billing,
    /// The company itself, with the secret key.
    Vendor,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Page, Self::Signed, Self::Billing, Self::Vendor];

    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Signed => "signed",
            Self::Billing => "billing",
            Self::Vendor => "vendor",
        }
    }

    /// The source with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Whether what it says is only a claim, which a more trusted source may replace.
    pub fn is_claim(self) -> bool {
        self == Self::Page
    }
}
