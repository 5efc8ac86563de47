//! Documents that are taken, and those that must be refused.

use std::fmt::Write as _;

use super::XmlTree;

fn refused(body: &[u8]) -> String {
    match XmlTree::parse(body) {
        Ok(_) => panic!("it was read: {}", String::from_utf8_lossy(body)),
        Err(error) => {
            assert_eq!(error.code, "malformed_xml");
            error.message
        }
    }
}

#[test]
fn texts_are_found_by_the_names_of_their_elements() {
    let body = "\u{feff}<?xml version=\"1.0\"?><a><!-- no --><b><c> x </c><c/><c><![CDATA[<y>]]></c></b><c>z</c>\
        <b><c>&lt;&#65;&#x42;&amp;</c></b><n>7</n><d>\n</d></a>";
    let tree = XmlTree::parse(body.as_bytes()).unwrap();
    assert_eq!(tree.root(), "a");
    assert_eq!(tree.texts("b.c"), [" x ", "<y>", "<AB&"]);
    assert_eq!(tree.text("c"), Some("z"));
    assert_eq!((tree.text("d"), tree.text("b"), tree.text("b.x"), tree.text("")), (None, None, None, None));
    assert_eq!(tree.integer("n"), Ok(Some(7)));
    assert_eq!(tree.integer("c").unwrap_err().field, "c");
    assert_eq!(tree.time("c").unwrap_err().field, "c");
    assert_eq!(tree.id("x.y").unwrap_err().code, "required");
}

#[test]
fn nul_is_dropped_however_it_is_written() {
    let tree = XmlTree::parse(b"<a><b>A\0n&#0;n&#x0;</b></a>").unwrap();
    assert_eq!(tree.text("b"), Some("Ann"));
}

#[test]
fn a_document_type_is_refused_and_no_entity_is_expanded() {
    let laughs = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    assert!(refused(laughs.as_bytes()).contains("document type"));
    let outside = "<!DOCTYPE a SYSTEM \"https://www.example.com/a.dtd\"><a/>";
    assert!(refused(outside.as_bytes()).contains("document type"));
    assert!(refused(b"<a>&c;</a>").contains("'c'"));
    assert!(refused(b"<a>&nbsp;</a>").contains("'nbsp'"));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for body in [
        "",
        "  ",
        "text",
        "<a>",
        "<a><b></a></b>",
        "<a></a></b>",
        "<a/><b/>",
        "<a",
        "<a>&",
        "<a>&#x110000;</a>",
    ] {
        refused(body.as_bytes());
    }
    refused(b"<a>\xff</a>");
}

#[test]
fn depth_is_bounded_and_breadth_costs_no_more_than_its_bytes() {
    assert!(refused("<a>".repeat(100_000).as_bytes()).contains("deeper"));
    let mut wide = String::from("<a>");
    for number in 0..100_000 {
        write!(wide, "<b>{number}</b>").unwrap();
    }
    wide.push_str("</a>");
    let tree = XmlTree::parse(wide.as_bytes()).unwrap();
    assert_eq!(tree.texts("b").len(), 100_000);
    assert_eq!(tree.text("b"), Some("0"));
}

#[test]
fn a_megabyte_of_what_never_ends_is_refused_like_any_other() {
    for part in ["<a ", "<!--", "<![CDATA[", "<?", "<!", "<![", "&", "</", "<a b='", "<!DOCTYPE [<!", "]]>"] {
        let many = 1024 * 1024 / part.len();
        refused(part.repeat(many).as_bytes());
        refused(format!("<a>{}", part.repeat(many)).as_bytes());
    }
    let entities = format!("<a><b>{}</b></a>", "&amp;".repeat(200_000));
    assert_eq!(XmlTree::parse(entities.as_bytes()).unwrap().text("b").map(str::len), Some(200_000));
}
