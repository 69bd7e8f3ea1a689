//! One address type for IPv4 and IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP address in 16 bytes; IPv4 is held in its mapped form (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2).
///
/// It prints as a dotted quad, or as RFC 5952 says for IPv6.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Addr(pub [u8; 16]);

impl Addr {
    /// An IPv4 address from its four bytes in network order.
    #[inline]
    #[must_use]
    pub const fn v4(b: [u8; 4]) -> Self {
        Self(((0xffff_u128 << 32) | u32::from_be_bytes(b) as u128).to_be_bytes())
    }

    /// An IPv6 address from its sixteen bytes in network order.
    #[inline]
    #[must_use]
    pub const fn v6(b: [u8; 16]) -> Self {
        Self(b)
    }

    /// Whether this is an IPv4 address.
    #[inline]
    #[must_use]
    pub const fn is_v4(&self) -> bool {
        u128::from_be_bytes(self.0) >> 32 == 0xffff
    }

    /// The IPv4 address as a number in host order, when it is one.
    #[inline]
    #[must_use]
    pub const fn to_v4_u32(&self) -> Option<u32> {
        if self.is_v4() { Some(self.low32()) } else { None }
    }

    const fn low32(&self) -> u32 {
        u32::from_be_bytes([self.0[12], self.0[13], self.0[14], self.0[15]])
    }

    /// As the standard library's type.
    #[must_use]
    pub fn to_ip(&self) -> IpAddr {
        match self.to_v4_u32() {
            Some(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4)),
            None => IpAddr::V6(Ipv6Addr::from(self.0)),
        }
    }

    /// 224.0.0.0/4 or ff00::/8.
    #[must_use]
    pub fn is_multicast(&self) -> bool {
        self.to_ip().is_multicast()
    }

    /// 255.255.255.255. A subnet's own broadcast address cannot be known from the address alone.
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        self.to_v4_u32() == Some(u32::MAX)
    }

    /// RFC 1918 (10/8, 172.16/12, 192.168/16) or RFC 4193 (fc00::/7).
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self.to_ip() {
            IpAddr::V4(v4) => v4.is_private(),
            IpAddr::V6(v6) => v6.is_unique_local(),
        }
    }

    /// 127/8 or ::1.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.to_ip().is_loopback()
    }

    /// 169.254/16 or fe80::/10.
    #[must_use]
    pub fn is_link_local(&self) -> bool {
        match self.to_ip() {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
    }

    /// 0.0.0.0 or ::.
    #[must_use]
    pub fn is_unspecified(&self) -> bool {
        self.to_ip().is_unspecified()
    }
}

impl From<IpAddr> for Addr {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self::v6(v6.octets()),
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_ip(), f)
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_ip(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        Addr::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn prints_in_the_usual_way() {
        assert_eq!(Addr::v4([192, 168, 0, 1]).to_string(), "192.168.0.1");
        assert_eq!(addr("2001:0db8:0:0:0:0:0:1").to_string(), "2001:db8::1");
        assert_eq!(addr("::").to_string(), "::");
        assert_eq!(format!("{:>12}", Addr::v4([10, 0, 0, 1])), "    10.0.0.1");
    }

    #[test]
    fn knows_its_kind() {
        assert!(addr("10.1.2.3").is_v4() && !addr("fe80::1").is_v4() && !addr("::1").is_v4());
        assert!(addr("239.1.1.1").is_multicast() && addr("ff02::1").is_multicast());
        assert!(addr("255.255.255.255").is_broadcast() && !addr("10.0.0.255").is_broadcast());
        assert!(
            addr("172.31.0.1").is_private()
                && !addr("172.32.0.1").is_private()
                && addr("fd00::1").is_private()
        );
        assert!(addr("127.0.0.9").is_loopback() && addr("::1").is_loopback());
        assert!(addr("169.254.1.1").is_link_local() && addr("fe80::1").is_link_local());
        assert!(addr("0.0.0.0").is_unspecified() && addr("::").is_unspecified());
    }

    #[test]
    fn ipv4_sorts_as_numbers_do() {
        assert!(addr("9.0.0.1") < addr("10.0.0.1"));
    }
}
