"""Addresses in the spellings by which attackers get them past a check."""

# Every way to write this machine, or the metadata of a cloud, that some library or another understands.
OTHER_SPELLINGS = [
    "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "0177.1",
    "127.0.0.01", "127.000.000.001", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]",
    "[::1]", "[::]", "[::1%25lo]", "0", "0.0.0.0", "127.0.0.1.", "localhost.", "LOCALHOST", "localhost.localdomain",  # noqa: S104
    "127.0.0.1.nip.io", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "ip6-localhost", "127.0.0.2", "127.255.255.254",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "metadata.google.internal", "169.254.169.254.",
    "user@127.0.0.1", "127.0.0.1@127.0.0.1", "127.0.0.1\\@x", "127.0.0.1%00", "127.0.0.1%2f", "127%2e0%2e0%2e1",
]  # fmt: skip
