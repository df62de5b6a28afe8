//! [`Vocabulary`]: the numbers of a text's characters or of frequent parts of its words.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::tensor::{Error, Kind, Result};

/// The numbers of a text: one for each character, or also for parts of words that are frequent.
///
/// Byte-pair encoding (Gage 1994; Sennrich, Haddow and Birch 2016), here of characters: the pair of neighbours that is
/// most frequent becomes one token, again and again. No token reaches across the beginning of a word, which is its
/// space.
///
/// ```
/// use gradtape::data::Vocabulary;
/// let text = "the cat and the hat and the bat";
/// let letters = Vocabulary::characters(text);
/// assert_eq!(letters.len(), 9);
/// assert_eq!(letters.decode(&letters.encode("the bat")?)?, "the bat");
///
/// let parts = Vocabulary::byte_pairs(text, 14)?;
/// assert_eq!(parts.encode(" the hat")?.len(), 4);
/// assert_eq!(parts.decode(&parts.encode(" the hat")?)?, " the hat");
///
/// let error = letters.encode("zoo").unwrap_err().to_string();
/// assert!(error.contains("'z' at place 1"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Vocabulary {
    /// What each number stands for, characters first.
    tokens: Vec<String>,
    characters: BTreeMap<char, u32>,
    /// The number of a pair; the lowest was joined first.
    merges: BTreeMap<Pair, u32>,
}

/// Two numbers side by side.
type Pair = (u32, u32);

/// What is written of a [`Vocabulary`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    characters: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    merges: Vec<Pair>,
}

impl Vocabulary {
    /// A number for each different character of a text, in the order of their code points.
    pub fn characters(text: &str) -> Vocabulary {
        let all: BTreeSet<char> = text.chars().collect();
        Vocabulary::of(&all.into_iter().collect::<Vec<char>>())
    }

    /// The characters of a text and its most frequent parts of words, `size` in all; fewer where no other pair comes
    /// twice. The same text gives the same vocabulary. Fails for a size that has no room for the characters.
    pub fn byte_pairs(text: &str, size: usize) -> Result<Vocabulary> {
        let mut made = Vocabulary::characters(text);
        if size < made.len() {
            let message = format!("a vocabulary of {size}: the text has {} characters", made.len());
            return Err(Error::new(Kind::Value, message).hint("give at least as many"));
        }
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        words(text).for_each(|word| *counted.entry(word).or_default() += 1);
        let number = |c: char| made.characters[&c];
        let mut words: Vec<(Vec<u32>, usize)> =
            counted.into_iter().map(|(word, n)| (word.chars().map(number).collect(), n)).collect();
        let mut pairs = Pairs::default();
        words.iter().enumerate().for_each(|(at, (word, n))| pairs.add(at, word, *n));
        while made.len() < size
            && let Some(pair) = pairs.most_frequent(|pair| made.length(pair) <= LONGEST)
        {
            let joined = made.join(pair);
            for at in pairs.places.remove(&pair).unwrap_or_default() {
                let (word, n) = &mut words[at];
                pairs.remove(word, *n);
                replace(word, pair, joined);
                pairs.add(at, word, *n);
            }
        }
        Ok(made)
    }

    fn of(characters: &[char]) -> Vocabulary {
        Vocabulary {
            tokens: characters.iter().map(char::to_string).collect(),
            characters: characters.iter().copied().zip(0..).collect(),
            merges: BTreeMap::new(),
        }
    }

    /// How many bytes a pair has together.
    fn length(&self, pair: Pair) -> usize {
        [pair.0, pair.1].map(|half| self.tokens[half as usize].len()).iter().sum()
    }

    fn join(&mut self, pair: Pair) -> u32 {
        let number = self.tokens.len() as u32;
        let token = [pair.0, pair.1].map(|half| &*self.tokens[half as usize]).concat();
        self.tokens.push(token);
        self.merges.insert(pair, number);
        number
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none: it is that of no text.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What each number stands for.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Whether there are numbers for more than single characters.
    pub fn has_pairs(&self) -> bool {
        !self.merges.is_empty()
    }

    /// The numbers of a text. Fails at a character that has none, by its place, counted from 1.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        if let Some((at, foreign)) =
            text.chars().enumerate().find(|(_, c)| !self.characters.contains_key(c))
        {
            let message =
                format!("the character {foreign:?} at place {} is not in the vocabulary", at + 1);
            let known: String = self.characters.keys().take(SHOWN).collect();
            let more = if self.characters.len() > SHOWN { " and others" } else { "" };
            return Err(Error::new(Kind::Data, message).hint(format!("it has {known:?}{more}")));
        }
        let mut known: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let mut all = Vec::new();
        for word in words(text) {
            all.extend(known.entry(word).or_insert_with(|| self.encode_word(word)).iter());
        }
        Ok(all)
    }

    /// Joins pairs in the order in which they were joined at first.
    fn encode_word(&self, word: &str) -> Vec<i64> {
        let mut numbers: Vec<u32> = word.chars().map(|c| self.characters[&c]).collect();
        let pairs = |numbers: &[u32]| numbers.windows(2).map(|w| (w[0], w[1])).collect::<Vec<_>>();
        while let Some((joined, pair)) = pairs(&numbers)
            .into_iter()
            .filter_map(|pair| Some((*self.merges.get(&pair)?, pair)))
            .min()
        {
            replace(&mut numbers, pair, joined);
        }
        numbers.into_iter().map(i64::from).collect()
    }

    /// The text of numbers. Fails at a number that stands for nothing.
    pub fn decode(&self, numbers: &[i64]) -> Result<String> {
        let token = |&number: &i64| {
            let token = usize::try_from(number).ok().and_then(|place| self.tokens.get(place));
            token.map(String::as_str).ok_or_else(|| {
                let message =
                    format!("{number} is none of the {} numbers of the vocabulary", self.len());
                Error::new(Kind::Value, message)
            })
        };
        numbers.iter().map(token).collect()
    }

    /// As JSON: the characters, and the pairs in the order in which they were joined.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers")
    }

    /// From the JSON of [`Vocabulary::to_json`]. Fails where it is damaged.
    pub fn from_json(text: &str) -> Result<Vocabulary> {
        serde_json::from_str(text)
            .map_err(|e| Error::new(Kind::Model, format!("the vocabulary cannot be read: {e}")))
    }
}

/// More characters are not shown in an error.
const SHOWN: usize = 100;

impl TryFrom<Parts> for Vocabulary {
    type Error = Error;

    fn try_from(Parts { characters, merges }: Parts) -> Result<Vocabulary> {
        let wrong = |rule: String| Err(Error::new(Kind::Model, format!("a vocabulary {rule}")));
        let characters: Vec<char> = characters.chars().collect();
        let mut made = Vocabulary::of(&characters);
        if made.characters.len() < characters.len() {
            return wrong("with a character that comes twice".to_string());
        }
        for pair in merges {
            let known = |number: u32| (number as usize) < made.len();
            if !known(pair.0) || !known(pair.1) || made.merges.contains_key(&pair) {
                return wrong(format!("whose pair {pair:?} is not of two numbers before it, once"));
            }
            // A chain of doublings would be longer than memory.
            let length = made.length(pair);
            if length > LONGEST {
                return wrong(format!("with a token of {length} bytes"));
            }
            made.join(pair);
        }
        Ok(made)
    }
}

/// No part of a word is longer.
const LONGEST: usize = 1 << 16;

impl From<Vocabulary> for Parts {
    fn from(made: Vocabulary) -> Parts {
        let mut merges: Vec<(u32, Pair)> =
            made.merges.into_iter().map(|(pair, number)| (number, pair)).collect();
        merges.sort_unstable();
        let characters = made.tokens[..made.characters.len()].concat();
        Parts { characters, merges: merges.into_iter().map(|(_, pair)| pair).collect() }
    }
}

/// The pairs of words, how often each comes, and in which words it may be.
#[derive(Default)]
struct Pairs {
    counts: BTreeMap<Pair, usize>,
    places: BTreeMap<Pair, BTreeSet<usize>>,
}

impl Pairs {
    fn add(&mut self, at: usize, word: &[u32], n: usize) {
        for pair in word.windows(2).map(|w| (w[0], w[1])) {
            *self.counts.entry(pair).or_default() += n;
            self.places.entry(pair).or_default().insert(at);
        }
    }

    fn remove(&mut self, word: &[u32], n: usize) {
        for pair in word.windows(2).map(|w| (w[0], w[1])) {
            if let Some(count) = self.counts.get_mut(&pair) {
                *count -= n;
                if *count == 0 {
                    self.counts.remove(&pair);
                    self.places.remove(&pair);
                }
            }
        }
    }

    /// The first of those that come most often, twice at least, and that may be joined.
    fn most_frequent(&self, may_be: impl Fn(Pair) -> bool) -> Option<Pair> {
        let better = |best: Option<(usize, Pair)>, (&pair, &count): (&Pair, &usize)| match best {
            Some((most, _)) if most >= count => best,
            _ if count < 2 || !may_be(pair) => best,
            _ => Some((count, pair)),
        };
        let best = self.counts.iter().fold(None, better);
        best.map(|(_, pair)| pair)
    }
}

/// Puts one number in the place of a pair, from the left.
fn replace(word: &mut Vec<u32>, pair: Pair, joined: u32) {
    let mut end = 0;
    let mut at = 0;
    while at < word.len() {
        let is_pair = at + 1 < word.len() && (word[at], word[at + 1]) == pair;
        word[end] = if is_pair { joined } else { word[at] };
        at += if is_pair { 2 } else { 1 };
        end += 1;
    }
    word.truncate(end);
}

/// The text in pieces, each of which begins with white space, but perhaps the first.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest[first.len_utf8()..].find(char::is_whitespace);
        let end = end.map_or(rest.len(), |end| end + first.len_utf8());
        let (word, others) = rest.split_at(end);
        rest = others;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "low low low low low lower lower newest newest newest newest newest newest \
                        widest widest widest";

    #[test]
    fn texts_are_cut_before_white_space_and_nothing_is_lost() {
        let cut = |text| words(text).collect::<Vec<_>>();
        assert_eq!(cut("to be,\n or  é"), ["to", " be,", "\n", " or", " ", " é"]);
        assert_eq!(cut(""), [""; 0]);
    }

    #[test]
    fn the_most_frequent_pairs_become_tokens() {
        let made = Vocabulary::byte_pairs(TEXT, 17).unwrap();
        let tokens: Vec<&str> = made.tokens().iter().map(String::as_str).collect();
        // Of pairs as frequent, the one whose characters come first.
        assert_eq!(tokens[..11].concat(), " deilnorstw");
        assert_eq!(tokens[11..14], ["es", "est", "lo"]);
        let numbers = made.encode(" newest").unwrap();
        assert!(numbers.len() < 5, "{numbers:?}");
        assert_eq!(made.decode(&numbers).unwrap(), " newest");
        // No pair that comes once.
        let all = Vocabulary::byte_pairs("ab cd", 100).unwrap();
        assert_eq!((all.len(), all.has_pairs()), (5, false));
        // Nor one of which no part of a word may consist.
        let long = Vocabulary::byte_pairs(&"a".repeat(4 * LONGEST), 40).unwrap();
        assert_eq!((long.len(), long.tokens[16].len()), (17, LONGEST));
        assert_eq!(Vocabulary::from_json(&long.to_json()).unwrap(), long);
        let run = Vocabulary::byte_pairs(&"a".repeat(9), 4).unwrap();
        assert_eq!(run.encode("aaaaaaa").unwrap(), [2, 1, 0]);
    }

    #[test]
    fn every_text_of_the_characters_comes_back() {
        for made in [Vocabulary::characters(TEXT), Vocabulary::byte_pairs(TEXT, 40).unwrap()] {
            for text in [TEXT, "", " ", "west  lower\u{20}", "wwwwwwww", "stew dew"] {
                assert_eq!(made.decode(&made.encode(text).unwrap()).unwrap(), text);
            }
            let again = Vocabulary::from_json(&made.to_json()).unwrap();
            assert_eq!(again, made);
            assert_eq!(again.encode(TEXT).unwrap(), made.encode(TEXT).unwrap());
        }
    }

    #[test]
    fn what_does_not_belong_is_refused() {
        let made = Vocabulary::characters("abc");
        let text = made.encode("ab\u{e9}d").unwrap_err().to_string();
        assert!(text.contains("'é' at place 3") && text.contains("\"abc\""), "{text}");
        assert!(made.decode(&[3]).unwrap_err().message().contains("3 is none of the 3"));
        assert!(made.decode(&[-1]).is_err());
        let text = Vocabulary::byte_pairs("abc", 2).unwrap_err().to_string();
        assert!(text.contains("3 characters"), "{text}");
        for damaged in [
            r#"{"characters":"aa"}"#,
            r#"{"characters":"ab","merges":[[0,2]]}"#,
            r#"{"characters":"ab","merges":[[0,1],[0,1]]}"#,
            r#"{"characters":"ab","more":1}"#,
            "{",
        ] {
            let text = Vocabulary::from_json(damaged).unwrap_err().to_string();
            assert!(text.contains("vocabulary cannot be read"), "{text}");
        }
        let doublings: Vec<String> = (0..40).map(|i| format!("[{i},{i}]")).collect();
        let bomb = format!(r#"{{"characters":"a","merges":[{}]}}"#, doublings.join(","));
        assert!(Vocabulary::from_json(&bomb).unwrap_err().to_string().contains("bytes"));
    }
}
