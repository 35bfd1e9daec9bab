use super::*;
use proptest::prelude::*;

fn pattern(text: &str) -> HostPattern {
    HostPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn url(text: &str) -> RequestUrl {
    RequestUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_matches_and_what_does_not() {
    for (text, yes, no) in [
        (
            "api.example.com",
            "http://api.example.com https://api.example.com/x https://API.EXAMPLE.com. http://api.example.com:443/",
            "http://example.com http://xapi.example.com http://api.example.com.evil.net http://api.example.com:8080 http://a.api.example.com",
        ),
        ("API.Example.COM.", "https://api.example.com", "https://example.com"),
        (
            "*.example.com",
            "http://a.example.com http://a.b.example.com http://A.EXAMPLE.COM.",
            "http://example.com http://xexample.com http://example.com.evil http://a.example.com:8080",
        ),
        ("*.example.org:8443", "http://a.example.org:8443 https://b.example.org:8443", "https://a.example.org https://example.org:8443"),
        ("https://h.example", "https://h.example https://h.example:443", "http://h.example http://h.example:443 https://h.example:8443"),
        ("http://h.example", "http://h.example", "https://h.example:80 http://h.example:443 https://h.example"),
        ("https://h.example:8443", "https://h.example:8443", "http://h.example:8443 https://h.example"),
        (
            "https://api.example.com/v1/**",
            "https://api.example.com/v1/ https://api.example.com/v1/a?b=/../ https://api.example.com/x/../v1/a",
            "https://api.example.com/v1 https://api.example.com/v1/../x https://api.example.com/v1/%2e%2e/x https://api.example.com/v1/..%2fx \
             https://api.example.com//v1/a https://api.example.com/v2?/v1/",
        ),
        ("h.example/", "http://h.example/ http://h.example/a%2fb", "http://h.example:81/"),
        ("*", "http://a http://1.2.3.4 https://[::1] https://a.b.c/x", "http://a:8080"),
        ("*:8080", "http://a:8080 http://127.0.0.1:8080", "http://a"),
        (
            "127.0.0.1:8080",
            "http://127.0.0.1:8080 http://0x7f.1:8080 http://[::ffff:127.0.0.1]:8080",
            "http://127.0.0.2:8080 http://localhost:8080",
        ),
        ("[::1]", "http://[::1] http://[0:0:0:0:0:0:0:1]", "http://127.0.0.1 http://[::2]"),
        ("[::FFFF:127.0.0.1]", "http://127.0.0.1", "http://[::1]"),
        ("bücher.example", "http://bücher.example http://BÜCHER.example http://xn--bcher-kva.example", "http://bucher.example"),
        ("xn--bcher-kva.example", "http://bücher.example", "http://bucher.example"),
        ("localhost:3000", "http://localhost:3000", "http://localhost http://127.0.0.1:3000"),
        ("my_host", "http://my_host", "http://my-host"),
    ] {
        for target in yes.split_whitespace() {
            assert!(pattern(text).matches(&url(target)), "{text} {target}");
            assert!(pattern(text).could_match(&url(target)), "{text} {target}");
        }
        for target in no.split_whitespace() {
            assert!(!pattern(text).matches(&url(target)), "{text} {target}");
        }
    }
}

#[test]
fn a_closing_pattern_with_a_path_cannot_be_passed_by_another_spelling() {
    let deny = pattern("h.example/admin/**");
    for path in ["/admin/x", "//admin/x", "/%61dmin/x", "/x/..%2fadmin/x", "/ADMIN/x", "/admin"] {
        assert!(deny.could_match(&url(&format!("http://h.example{path}"))), "{path}");
    }
    assert!(!deny.could_match(&url("http://h.example/public")));
    assert!(!deny.could_match(&url("http://other.example//admin/x")));
}

#[test]
fn patterns_that_could_never_match_say_why() {
    use HostPatternError::{AddressForm, Character, Empty, Name, Numeric, Path, Port, Query, Range, Scheme, UserInfo, Wildcard};
    for (text, error) in [
        ("", Empty),
        ("a b", Character),
        ("a\n", Character),
        ("a\\b", Character),
        ("ftp://a", Scheme),
        ("*://a", Scheme),
        ("user@a", UserInfo),
        ("https://user:pw@a", UserInfo),
        ("a?x", Query),
        ("a/b?x=1", Query),
        ("a#x", Query),
        ("a*.com", Wildcard),
        ("*a.com", Wildcard),
        ("a.*.com", Wildcard),
        ("*.*.com", Wildcard),
        ("**.com", Wildcard),
        ("**", Wildcard),
        ("a.*", Wildcard),
        ("*.127.0.0.1", Numeric),
        ("*.1", Numeric),
        ("1.2.3.4.5", Numeric),
        ("300.1.1.1", Numeric),
        ("0x7f.1", AddressForm),
        ("127.1", AddressForm),
        ("2130706433", AddressForm),
        ("127.0.0.1.", AddressForm),
        ("::1", AddressForm),
        ("[::1", AddressForm),
        ("[fe80::1%eth0]", AddressForm),
        ("[127.0.0.1]", AddressForm),
        ("10.0.0.0/8", Range),
        ("[fd00::]/8", Range),
        ("a..b", Name),
        (".a", Name),
        (".", Name),
        ("*.", Name),
        ("a,b", Name),
        ("a%2eb", Name),
        ("xn--a", Name),
        ("https://", Name),
        ("/path", Name),
        ("a:0", Port),
        ("a:65536", Port),
        ("a:http", Port),
        ("a:", Port),
        ("a:80:80", Port),
        (":80", Port),
        ("a:*", Port),
        ("a:+80", Port),
        ("[::1]:x", Port),
        ("a//b", Path(PathPatternError::Ambiguous)),
        ("a/%2fb", Path(PathPatternError::Ambiguous)),
        ("a/**/b", Path(PathPatternError::DoubleStar)),
    ] {
        assert_eq!(HostPattern::parse(text), Err(error), "{text:?}");
    }
}

proptest! {
    #[test]
    fn case_and_trailing_dot_do_not_matter(name in "[a-z][a-z0-9-]{0,5}[a-z](\\.[a-z]{1,4}){0,3}", upper in any::<u64>()) {
        let other: String = name.chars().enumerate().map(|(i, c)| if upper >> (i % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
        if let (Ok(pattern), Ok(url)) = (HostPattern::parse(&name), RequestUrl::parse(&format!("https://{other}./"))) {
            prop_assert!(pattern.matches(&url));
            prop_assert_eq!(HostPattern::parse(&format!("{other}.")).unwrap(), pattern);
        }
    }

    #[test]
    fn unicode_and_its_ascii_form_are_the_same(name in "[a-zäöüßéñ日本語]{1,8}\\.example") {
        if let Ok(url) = RequestUrl::parse(&format!("https://{name}/")) {
            prop_assert_eq!(HostPattern::parse(&name).unwrap(), HostPattern::parse(&url.host).unwrap());
            prop_assert!(HostPattern::parse(&name).unwrap().matches(&url));
        }
    }

    #[test]
    fn a_name_matches_only_itself(name in "[ab](\\.[ab]){0,3}", other in "[ab](\\.[ab]){0,3}") {
        let url = self::url(&format!("http://{other}/"));
        prop_assert_eq!(pattern(&name).matches(&url), name == other);
        let below = pattern(&format!("*.{name}"));
        prop_assert_eq!(below.matches(&url), other.ends_with(&format!(".{name}")));
        let bare = self::url(&format!("http://{name}/"));
        prop_assert!(!below.matches(&bare));
    }

    #[test]
    fn any_text_is_safe_and_what_parses_has_a_key(text in "\\PC{0,30}") {
        if let Ok(pattern) = HostPattern::parse(&text) {
            let _ = pattern.literal_key();
        }
    }
}
