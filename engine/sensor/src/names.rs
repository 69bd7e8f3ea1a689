//! Text that records repeat: function names, areas, verbs. Each has a number; columns cache by it.

use hashbrown::HashMap;

/// Number of an interned text. 0 is "no text".
pub type NameId = u32;

/// Beyond so many texts made from traffic (areas such as `db4711`), new ones share one name.
const MAX_DYNAMIC: usize = 50_000;

#[derive(Debug, Clone)]
pub struct Names {
    texts: Vec<Box<str>>,
    by_text: HashMap<Box<str>, NameId>,
    by_number: HashMap<(NameId, i64), NameId>,
    by_pair: HashMap<NameId, Vec<(Box<str>, NameId)>>,
}

impl Names {
    pub fn new() -> Self {
        let mut names = Self {
            texts: Vec::new(),
            by_text: HashMap::new(),
            by_number: HashMap::new(),
            by_pair: HashMap::new(),
        };
        names.intern("");
        names
    }

    pub fn intern(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let id = self.texts.len() as NameId;
        self.texts.push(text.into());
        self.by_text.insert(text.into(), id);
        id
    }

    pub fn get(&self, id: NameId) -> &str {
        self.texts.get(id as usize).map_or("", |t| t)
    }

    /// `first_second`, such as a weird of a protocol.
    pub fn joined(&mut self, first: NameId, second: &str) -> NameId {
        let found = self
            .by_pair
            .get(&first)
            .and_then(|list| list.iter().find(|(text, _)| &**text == second));
        if let Some(&(_, id)) = found {
            return id;
        }
        let id = self.intern(&format!("{}_{second}", self.get(first)));
        self.by_pair.entry(first).or_default().push((second.into(), id));
        id
    }

    /// `template` with its `{}` replaced by a number.
    pub fn numbered(&mut self, template: NameId, number: i64) -> NameId {
        if let Some(&id) = self.by_number.get(&(template, number)) {
            return id;
        }
        if self.by_number.len() >= MAX_DYNAMIC {
            return template;
        }
        let text = self.get(template).replace("{}", &number.to_string());
        let id = self.intern(&text);
        self.by_number.insert((template, number), id);
        id
    }
}
