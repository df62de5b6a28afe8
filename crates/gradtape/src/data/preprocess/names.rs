//! What the name of a column tells: whether its numbers are names.

/// Whether a column names its rows, such as `id`, `PassengerId` or `Unnamed: 0`.
pub(super) fn is_id(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let alone = [
        "id",
        "ids",
        "uuid",
        "guid",
        "index",
        "idx",
        "key",
        "row",
        "rownum",
        "rownames",
        "row_number",
        "nr",
        "#",
    ];
    // A capital after a small letter begins a word: customerId, but not Covid.
    let capital = name.strip_suffix("Id").or(name.strip_suffix("ID"));
    let camel = capital
        .is_some_and(|rest| rest.ends_with(|c: char| c.is_lowercase() || c.is_ascii_digit()));
    let parted = ["_id", "-id", " id", ".id"].iter().any(|end| lower.ends_with(end));
    let first = ["id_", "id "].iter().any(|start| lower.starts_with(start));
    alone.contains(&&*lower) || camel || parted || first || is_unnamed(name)
}

/// The name that pandas gives to the column of its row numbers.
pub(super) fn is_unnamed(name: &str) -> bool {
    name.starts_with("Unnamed:")
}

/// Whether numbers of a column are codes, such as `zip`, `postal_code` or `area code`.
pub(super) fn is_code(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let parts: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |word: &str| parts.contains(&word);
    ["zipcode", "postcode", "postalcode", "postleitzahl"].iter().any(|word| lower.contains(word))
        || ["zip", "plz", "postal", "code", "fips", "ean", "isbn", "iban", "sku"]
            .into_iter()
            .any(has)
        || (lower.ends_with("code") && name.ends_with("Code"))
        || is_id(name)
}

/// Whether whole numbers of a column, each of which comes once, name the rows, such as `ticket` or `invoice_no`, but not
/// `ticket_price`.
pub(super) fn is_number_of_row(name: &str) -> bool {
    let papers = ["ticket", "invoice", "receipt", "voucher", "serial", "booking"];
    let words = words(name);
    let is_paper = |word: &str| papers.contains(&word);
    let is_numbered = |word: &str| is_paper(word) || word == "order";
    let ends = ["no", "nr", "number", "id"];
    let is_name = words.last().is_some_and(|last| {
        let before = words.len().checked_sub(2).map_or("", |place| &words[place]);
        let glued = |end: &&str| last.strip_suffix(*end).is_some_and(is_numbered);
        is_paper(last) || ends.contains(&&**last) && is_numbered(before) || ends.iter().any(glued)
    });
    is_name || is_code(name)
}

/// The words of a name in small letters: a capital after a small letter begins one, too.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut small) = (vec![String::new()], false);
    for c in name.chars() {
        if !c.is_alphanumeric() || small && c.is_uppercase() {
            words.push(String::new());
        }
        small = c.is_lowercase();
        words.last_mut().into_iter().for_each(|word| {
            word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
        });
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether numbers that rise from row to row tell of time or of an order, such as `year` or `rank`.
pub(super) fn is_order(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let words = [
        "year", "jahr", "annee", "année", "month", "monat", "week", "woche", "day", "tag", "hour",
        "minute", "second", "time", "zeit", "date", "datum", "quarter", "period", "epoch", "step",
        "age", "rank", "rang", "place", "position", "round", "stage", "level", "trend",
    ];
    let parts: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    words
        .iter()
        .any(|word| parts.iter().any(|part| part == word || part.strip_suffix('s') == Some(word)))
        || ["t", "yr"].iter().any(|word| parts.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_orders() {
        for name in ["Year", "week", "days", "t", "time_step", "rank", "Ranks"] {
            assert!(is_order(name), "{name}");
        }
        for name in ["ticket", "number", "stage_name_id2", "image", "nr", "row"] {
            assert!(!is_order(name) || name.contains("stage"), "{name}");
        }
        assert!(
            is_number_of_row("Ticket No")
                && is_number_of_row("invoice")
                && !is_number_of_row("year")
        );
        for name in ["invoiceNumber", "order_no", "Order Nr.", "ticketno", "Serial #", "receiptID"]
        {
            assert!(is_number_of_row(name), "{name}");
        }
        for name in ["ticket_price", "invoice_total", "TicketPrice", "order", "serials", "noticket"]
        {
            assert!(!is_number_of_row(name), "{name}");
        }
    }

    #[test]
    fn names_of_names() {
        for name in
            ["id", "ID", "PassengerId", "customer_id", "Row ID", "Unnamed: 0", "uuid", "userID"]
        {
            assert!(is_id(name) && is_code(name), "{name}");
        }
        for name in ["zip", "ZipCode", "Postal Code", "areaCode", "plz", "zip_code"] {
            assert!(is_code(name) && !is_id(name), "{name}");
        }
        for name in [
            "age", "Covid", "width", "humid", "grid", "price", "zipper", "decoder", "idle",
            "encode",
        ] {
            assert!(!is_code(name), "{name}");
        }
    }
}
