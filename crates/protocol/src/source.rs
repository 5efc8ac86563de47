//! Who says a fact (trust.md section 1). It decides what the fact may change.

/// Header by which a holder of the secret key says for whom it speaks. Without it, it speaks for itself.
pub const SOURCE_HEADER: &str = "headwater-source";

/// Who says a fact, the least trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A page, with the public key that everybody may read: a claim.
    Page,
    /// A page that shows the site's signature of its `customer_key`: who it speaks about is proven.
    Signed,
    /// A billing provider, by a webhook whose signature was verified.
    Billing,
    /// The company itself, with the secret key.
    Vendor,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Page, Self::Signed, Self::Billing, Self::Vendor];

    /// The word on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Signed => "signed",
            Self::Billing => "billing",
            Self::Vendor => "vendor",
        }
    }

    /// The source of a word; `None` when it is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Whether what it says is a claim: true until somebody who knows says otherwise.
    pub fn is_claim(self) -> bool {
        self == Self::Page
    }
}
