//! The drawn graph: what stands in it, that it is XML, and that nothing overlaps.

use crate::xml::assert_xml;
use gradtape_calculus::{Explanation, Expr, MAX_DRAWN, Options, Order, explain};

fn explained(text: &str) -> Explanation {
    let expr = Expr::parse(text).unwrap();
    let at: Vec<(&str, f64)> = expr.variables().zip([2.0, 1.0, 0.5].into_iter().cycle()).collect();
    explain(&expr, &at, Default::default()).unwrap()
}

/// The numbers of an attribute such as `width="12.5"` or `translate(3 4)`.
fn numbers(text: &str, before: &str, after: char) -> Vec<f64> {
    let found = text.split(before).nth(1).unwrap().split(after).next().unwrap();
    found.split(' ').map(|number| number.parse().unwrap()).collect()
}

#[test]
fn the_courses_graph_has_its_boxes_and_lines() {
    let svg = explained("(a+b)*(b+1)").svg().unwrap();
    assert_xml(&svg);
    for text in [
        ">e = (a + b) · (b + 1)<",
        ">at a = 2, b = 1<",
        ">c = a + b<",
        ">e = c·d<",
        ">de/db<",
        "> via c<",
        ">d = 2<",
        "<title>de/dc = d = 2</title>",
    ] {
        assert!(svg.contains(text), "{text} is not in:\n{svg}");
    }
    assert_eq!(svg.matches("class=\"node ").count(), 5);
    assert_eq!(svg.matches("class=\"edge\"").count(), 5);
    assert_eq!(svg.matches("class=\"fork\"").count(), 1, "only at b");
    assert!(svg.contains("prefers-color-scheme: dark"));
    assert!(!svg.contains("href") && !svg.contains("url("), "nothing is fetched");
}

#[test]
fn the_page_stands_alone_and_holds_the_json() {
    let found = explained("(a+b)*(b+1)");
    let page = found.html().unwrap();
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data, serde_json::to_value(&found).unwrap());
    for text in [
        "<h1>e = (a + b) · (b + 1)</h1>",
        "max=\"10\"",
        "de/dc = de/de · d = 1 · 2 = 2",
        "b is a fork: 2 gradients add: 2 via c + 3 via d",
        "<td class=\"text\"><span class=\"way\">= a + 2·b + 1</span></td>",
        "default-src 'none'",
        "prefers-reduced-motion",
    ] {
        assert!(page.contains(text), "{text} is not in:\n{page}");
    }
    for outside in ["src=", "href=", "@import", "url(", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("{title}") && !page.contains("{script}"));
    let notes = explained("relu(x-2)").html().unwrap();
    assert!(notes.contains("<h2>Notes</h2>") && !notes.contains("is a fork"));
}

#[test]
fn boxes_do_not_overlap() {
    let sum: Vec<String> = (0..12).map(|i| format!("w{i}*tanh(x*{i}+w{})", (i + 5) % 12)).collect();
    for text in [&sum.join("+"), "x*x + sin(x)", "x", "3", "x^x^x^x", "max(x,y)*min(y,x)/(x+y)"] {
        let svg = explained(text).svg().unwrap();
        assert_xml(&svg);
        let boxes: Vec<[f64; 4]> = svg
            .split("<g class=\"node ")
            .skip(1)
            .map(|node| {
                let corner = numbers(node, "translate(", ')');
                let (width, height) =
                    (numbers(node, " width=\"", '"'), numbers(node, " height=\"", '"'));
                [corner[0], corner[1], corner[0] + width[0], corner[1] + height[0]]
            })
            .collect();
        let picture = numbers(&svg, "viewBox=\"", '"');
        for (place, a) in boxes.iter().enumerate() {
            assert!(a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= picture[2] && a[3] <= picture[3]);
            for b in &boxes[place + 1..] {
                let apart = a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];
                assert!(apart, "{text}: {a:?} and {b:?}");
            }
        }
    }
}

#[test]
fn a_tree_is_drawn_without_crossings() {
    // In each column the operands stand in the order of their users.
    let svg = explained("(a*b + c*d) * (e*f + g*h)").svg().unwrap();
    let height = |name: &str| {
        let before = svg.split(&format!("y=\"18\">{name}<")).next().unwrap();
        let node = before.rsplit("<g class=\"node ").next().unwrap();
        numbers(node, "translate(", ')')[1]
    };
    let heights: Vec<f64> = ["a", "b", "c", "d", "e", "f", "g", "h"].map(height).into();
    assert!(heights.is_sorted(), "{heights:?}");
}

#[test]
fn long_names_are_cut_and_long_graphs_refused() {
    let svg = explained(&format!("{}^2", "n".repeat(10_000))).svg().unwrap();
    assert!(svg.len() < 20_000, "{}", svg.len());
    let long = explained(&vec!["x"; MAX_DRAWN + 1].join("*"));
    let error = long.svg().err().unwrap().to_string();
    assert!(error.contains("the graph has 401 nodes; at most 400 are drawn"), "{error}");
    assert_eq!(long.html().err().unwrap().to_string(), error);
    assert!(explained(&vec!["x"; MAX_DRAWN].join("*")).svg().is_ok());
}

#[test]
fn nodes_have_the_numbers_of_the_walk_and_stand_in_a_row_unsorted_and_sorted() {
    let expr = Expr::parse("y = x^2; y*sin(y)").unwrap();
    let drawn = |order| {
        let found = explain(&expr, &[("x", 1.0)], Options { order, ..Options::default() }).unwrap();
        assert!(!found.svg().unwrap().contains(">#1<"));
        assert!(!found.dot().contains("walk #"));
        let found = found.numbered();
        (found.svg().unwrap(), found.dot())
    };
    let (sorted, dot) = drawn(Order::Topological);
    assert_xml(&sorted);
    // b, a = sin(y), y, x: y comes after both that use it.
    for (label, number) in [("b = y", 1), ("a = sin(y)", 2), ("y = x^2", 3), ("input", 4)] {
        assert!(dot.contains(&format!("walk #{number}\"")), "{dot}");
        let at = sorted.find(&format!(">#{number}<")).or(sorted.find(&format!("input #{number}<")));
        assert!(at.is_some(), "{label} has no number {number} in:\n{sorted}");
    }
    let place = |svg: &str, title: &str| svg.find(&format!(">{title}")).unwrap();
    let (unsorted_row, sorted_row) = (
        "unsorted, as breadth first reaches the nodes: 1 gradient late",
        "sorted, as a topological walk takes them: all gradients",
    );
    assert!(place(&sorted, unsorted_row) < place(&sorted, sorted_row));
    assert_eq!(sorted.matches("class=\"late way\"").count(), 1);
    assert!(sorted.contains(">2.76355<") && !sorted.contains("right: "));

    let (unsorted, _) = drawn(Order::BreadthFirst);
    assert_xml(&unsorted);
    // What it goes wrong by, and what is right.
    for part in [">1.68294<", "right: 2.76355", ">0.841471<", "right: 1.38177"] {
        assert!(unsorted.contains(part), "{part} is not in:\n{unsorted}");
    }
    // A tree is sorted whichever way it is walked.
    let tree = explained("(a + b)*c").numbered().svg().unwrap();
    assert!(tree.contains("nodes: all gradients are handed on") && !tree.contains("late way"));
    // Rows of hundreds of nodes nobody looks at.
    let long = explained(&["x"; 60].join("*")).numbered().svg().unwrap();
    assert!(!long.contains("unsorted"));
}
