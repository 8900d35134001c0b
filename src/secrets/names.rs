//! What the name of a variable says of its value.

/// What a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Password,
    /// A token, an API key, a secret.
    Secret,
    /// Some key: of an API, of a map, of a table.
    Key,
    /// The id of a client, of an account.
    Identifier,
}

/// Words that make what follows a secret, at the end of a word, too: `clientsecret`.
const SECRET: [&str; 12] = [
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "creds",
    "apikey",
    "accesskey",
    "privatekey",
    "privkey",
    "authkey",
];
const PASSWORD: [&str; 7] =
    ["password", "passwd", "passphrase", "passwort", "pwd", "passcode", "dbpass"];

/// Words that make a key an API's, and a code a secret.
const OF_KEYS: &str = " api access secret private priv encryption encrypt signing sign auth master account \
    storage license licence admin service app application client deploy ssh session shared subscription \
    integration hmac crypto cipher jwt recovery project server rest write root live prod aes signature \
    webhook user management ";

/// Behind the secret's word they make the name one of something else: `token_type`.
const NOT_AFTER: &str = " id ids name names url uri urls uris file files filename path paths type types \
    length len size sizes version ref refs alias aliases endpoint issuer count counts limit limits header \
    headers prefix suffix format field fields expires expiry expiration ttl kind index idx pos position \
    hash digest checksum board code codes frame mesh pair press pressed ring selector signature stone word \
    words up down left right vault store storage tab class status hint label title description text \
    message messages error errors parser stream tree manager provider policy rotation usage audience scope \
    scopes bucket algorithm alg location date time age event pattern regex separator delimiter mode input \
    placeholder list map table column row rules rule enabled required valid validator validation manager \
    factory builder fn function callback handler helper module package crate image env var variable \
    iterator literal source address arn region host port method request response page link links \
    storetype keying server fingerprint digest sha256 salt iv nonce owner issuerkeyhash signer algo ";

/// Anywhere in a name they make it no secret.
const NOT: &str = " public pub publishable csrf xsrf foreign primary partition natural sequence schema \
    bucket cache lookup translation i18n hot sort turkey monkey kms example accessor accessibility author \
    authors capability shortcut keyboard hotkey binding next page continuation pagination ";

/// What a name says, if anything.
pub fn says(name: &str) -> Option<Says> {
    let words = words(name);
    let is_in = |list: &str, word: &str| list.contains(&format!(" {word} "));
    if words.iter().any(|word| is_in(NOT, word)) {
        return None;
    }
    let ends = |word: &str, list: &[&str]| list.iter().any(|it| word.ends_with(it));
    let at = words.iter().rposition(|word| {
        ends(word, &SECRET)
            || ends(word, &PASSWORD)
            || ["key", "auth", "pass", "keys"].contains(&&**word)
    });
    let Some(at) = at else {
        let last = words.last().map_or("", |word| word);
        return (last == "id" || last.ends_with("clientid") || name.contains("contribsys"))
            .then_some(Says::Identifier);
    };
    if words[at + 1..].iter().any(|word| is_in(NOT_AFTER, word)) {
        let last = words.last().is_some_and(|word| word == "id");
        return last.then_some(Says::Identifier);
    }
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| words[before].as_str());
    match word.as_str() {
        "pass" => before.map(|_| Says::Password),
        "auth" => before.map(|_| Says::Secret),
        "key" | "keys" => {
            let qualified = before.is_some_and(|before| is_in(OF_KEYS, before));
            Some(if qualified { Says::Secret } else { Says::Key })
        }
        word if ends(word, &PASSWORD) => Some(Says::Password),
        _ => Some(Says::Secret),
    }
}

/// The words of a name, small: `myApi_Key2` is my, api, key.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let next_small = characters.peek().is_some_and(char::is_ascii_lowercase);
        let camel = character.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && next_small));
        if !character.is_ascii_alphabetic() || camel {
            words.push(String::new());
        }
        if character.is_ascii_alphabetic() {
            words.last_mut().expect("begun with one").push(character.to_ascii_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_judged_by_its_words() {
        for name in
            ["api_token", "clientSecret", "AWS_SECRET_ACCESS_KEY", "bot_token1", "user_auth"]
        {
            assert_eq!(says(name), Some(Says::Secret), "{name}");
        }
        for name in ["DB_PASS", "db.password", "PGPASSWORD", "smtpPwd"] {
            assert_eq!(says(name), Some(Says::Password), "{name}");
        }
        for name in ["token_type", "publicKey", "csrf-token", "keyboard", "tokenizer", "pass"] {
            assert_eq!(says(name), None, "{name}");
        }
        assert_eq!(says("key"), Some(Says::Key));
        assert_eq!(says("adobe_client_id"), Some(Says::Identifier));
    }
}
