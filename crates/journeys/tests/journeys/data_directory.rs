//! One data directory, one process.

use crate::process::{finish, program};
use crate::stage::Headwater;

#[tokio::test]
async fn a_data_directory_in_use_is_refused_and_the_message_says_what_to_do() {
    let headwater = Headwater::open().await;
    let mut second = program("headwater");
    second.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(headwater.data());
    let refused = finish(second).await;
    assert!(!refused.status.success(), "a second server started on the same directory");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("in use by another process") && said.contains("--data"), "{said}");
    assert!(refused.stdout.is_empty(), "nothing is printed for programs to read");
}

#[tokio::test]
async fn a_killed_process_leaves_its_data_directory_free() {
    let headwater = Headwater::open().await.kill_and_restart().await;
    let program = headwater.vendor().list_product_books(&[]).await.expect("the program is still there");
    assert_eq!(program.data.items, []);
}
