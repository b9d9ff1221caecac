//! Messages that are settled by hand, by what they have in common.

use crate::program::{Program, errors, text};
use crate::world::{Hook, Reply, Site, entry};

/// Three stories at a receiver that answers so, one after the other, and then takes everything.
async fn world(script: &'static [u16]) -> (Program, Hook) {
    let site = Site::start().await;
    let hook = Hook::start(move |_, number| {
        let reply = Reply::status(*script.get(number).unwrap_or(&204));
        if reply.status == 429 { reply.header("retry-after", "600") } else { reply }
    })
    .await;
    site.publish(
        "paper",
        [
            entry("ireland", "Ireland formally applies to join NATO", ""),
            entry("mexico", "Mexico formally applies to join BRICS", ""),
            entry("austria", "Austria formally applies to join NATO", ""),
        ],
    );
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    program.run(&["once"]).await;
    (program, hook)
}

/// What a command says, if it can do what it is told.
async fn said(program: &Program, arguments: &[&str]) -> String {
    let output = program.run(arguments).await;
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", errors(&output));
    text(&output)
}

/// Alerts of each message that a receiver got, from the given one on.
fn sizes(hook: &Hook, from: usize) -> Vec<usize> {
    let bodies = hook.received().into_iter().skip(from).map(|one| {
        assert_eq!(one.body["type"], "digest.ready");
        one.body["data"]["alerts"].as_array().unwrap().len()
    });
    bodies.collect()
}

#[tokio::test]
async fn messages_are_retried_and_discarded_by_what_they_have_in_common() {
    let (program, hook) = world(&[400, 400, 400, 400]).await;
    let rows = program.json(&["deliveries", "list", "--state", "dead"]).await;
    assert_eq!(rows.len(), 3, "{rows:#?}");
    let nobody = said(&program, &["deliveries", "discard", "--sink", "other"]).await;
    assert!(nobody.starts_with("no message is so"), "{nobody}");
    assert_eq!(program.run(&["deliveries", "retry"]).await.status.code(), Some(2));
    let discarded = ["deliveries", "discard", "--sink", "hook", "--state", "dead", "--since", "1h"];
    assert_eq!(said(&program, &discarded).await, "3 messages are discarded\n");
    // What was discarded comes back where that is said, and not with the rest.
    let nobody = said(&program, &["deliveries", "retry", "--sink", "hook"]).await;
    assert!(nobody.starts_with("no message is so"), "{nobody}");
    let together = ["deliveries", "retry", "--state", "discarded", "--as-digest"];
    let told = said(&program, &together).await;
    assert!(told.starts_with("3 alerts go to `hook` as msg_"), "{told}");
    assert!(told.ends_with(", which is due now\n"), "{told}");
    program.run(&["once"]).await;
    assert_eq!(sizes(&hook, 3), [3]);
    // The receiver refuses digests of that sort; there is a way out.
    let row = program.json(&["deliveries", "list"]).await.remove(0);
    assert_eq!((&row["state"], &row["attempts"]), (&"dead".into(), &4.into()), "{row}");
    let id = row["id"].as_str().unwrap();
    let told = said(&program, &["deliveries", "retry", "--apart", &id[..12]]).await;
    assert_eq!(told, format!("{id} goes in 3 parts, an alert each, is due now\n"));
    program.run(&["once"]).await;
    assert_eq!(sizes(&hook, 4), [1, 1, 1]);
    let rows = program.json(&["deliveries", "list", "--state", "delivered"]).await;
    assert_eq!(rows.len(), 3, "{rows:#?}");
}

#[tokio::test]
async fn a_beginning_of_an_id_is_enough_where_it_is_one_messages() {
    let (program, _hook) = world(&[429]).await;
    let rows = program.json(&["deliveries", "list"]).await;
    let id = rows[0]["id"].as_str().unwrap();
    for beginning in [id, &id[..14], &id[4..14]] {
        let shown = said(&program, &["deliveries", "show", beginning]).await;
        assert!(shown.starts_with(id), "{beginning}: {shown}");
    }
    let several = program.run(&["deliveries", "retry", "msg_"]).await;
    let told = errors(&several);
    assert!(
        several.status.code() == Some(1) && told.contains("several messages begin with `msg_`")
    );
    assert!(rows.iter().all(|row| told.contains(row["id"].as_str().unwrap())), "{told}");
}

#[tokio::test]
async fn what_is_retried_says_what_it_waits_for() {
    let (program, _hook) = world(&[429, 429, 429]).await;
    let rows = program.json(&["deliveries", "list", "--state", "retrying"]).await;
    let id = rows[0]["id"].as_str().unwrap();
    let told = said(&program, &["deliveries", "retry", id]).await;
    let waits = format!("{id}, under the same id, waits until ");
    assert!(told.starts_with(&waits), "{told}");
    assert!(told.ends_with(": its receiver asked for a pause\n"), "{told}");
}
