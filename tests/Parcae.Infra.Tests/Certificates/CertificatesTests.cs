using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Parcae.Grains.Security;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Certificates;

/// <summary>What infra/certificates makes, renews and rotates, read as silos read it.</summary>
public sealed class CertificatesTests : IDisposable
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Scratch _scratch = new();
    private readonly Tool _bash = Tool.Need("bash", "apt-get install bash");

    public CertificatesTests() => Tool.Need("openssl", "apt-get install openssl");

    [Fact]
    public void Silos_take_what_it_makes_and_it_is_good_for_servers_and_clients_of_one_private_authority()
    {
        Make("silo", "client");
        var (silo, client) = (Own("silo"), Own("client"));
        Assert.Equal(silo.Issuer, client.Issuer);
        Assert.NotEqual(silo.GetPublicKeyString(), client.GetPublicKeyString());
        foreach (string name in new[] { "silo", "client" })
        {
            var own = Own(name);
            Assert.Equal($"CN={name}", own.Subject);
            using var key = own.GetECDsaPrivateKey();
            Assert.Equal(ECCurve.NamedCurves.nistP256.Oid.Value, key!.ExportParameters(false).Curve.Oid.Value);
            var usages = own.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value);
            Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], usages);
            Assert.Equal((DateTime.Now + TimeSpan.FromDays(365)).Date, Member(name).NotAfter.LocalDateTime.Date);
            var authority = Assert.Single(PemIdentity.ReadCertificates(Place(name, "ca.crt")));
            Assert.Equal((true, 0), (authority.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority, authority.Extensions.OfType<X509BasicConstraintsExtension>().Single().PathLengthConstraint));
            Assert.True(authority.NotAfter > DateTime.Now.AddDays(3600));
        }
    }

    [Theory]
    [InlineData("redis.example", "192.0.2.5")]
    [InlineData("192.0.2.5", "redis.example")]
    public void A_server_is_known_by_the_name_or_the_address_that_it_is_called_by(string name, string other)
    {
        Make(name);
        using var own = X509Certificate2.CreateFromPem(File.ReadAllText(Place(name, "tls.crt")));
        Assert.True(own.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
        Assert.False(own.MatchesHostname(other));
    }

    [Fact]
    public void Others_on_this_machine_are_kept_out_and_the_authoritys_key_is_the_owners_alone()
    {
        string said = Make("silo").Output;
        foreach (string folder in new[] { "", "authority" }) Assert.Equal(OwnerAlone | UnixFileMode.UserExecute, File.GetUnixFileMode(Place(folder)));
        Assert.Equal(OwnerAlone, File.GetUnixFileMode(Place("authority", "authority.key")));
        // Everything that is there has been said, and nothing else is.
        string[] made = [.. Directory.EnumerateFiles(Place(""), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Equal(made, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l["written  ".Length..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_there_stays_and_another_name_gets_a_certificate_of_the_same_authority()
    {
        Make("silo");
        var before = Snapshot();
        string said = Make("silo", "client").Output;
        Assert.Contains($"kept     {Place("silo", "tls.crt")}\n", said, StringComparison.Ordinal);
        Assert.All(before, f => Assert.Equal(f.Value, File.ReadAllText(f.Key)));
        Assert.Equal(Own("silo").Issuer, Own("client").Issuer);
    }

    [Fact]
    public void A_renewed_certificate_has_another_key_and_the_same_authority()
    {
        Make("silo", "client");
        var (silo, client) = (Own("silo"), Own("client"));
        Make("--renew", "silo");
        Assert.NotEqual(silo.GetPublicKeyString(), Own("silo").GetPublicKeyString());
        Assert.Equal(silo.Issuer, Own("silo").Issuer);
        Assert.Equal(client.Thumbprint, Own("client").Thumbprint);
    }

    [Fact]
    public void An_authority_is_replaced_in_steps_in_each_of_which_all_members_know_each_other()
    {
        Make("silo", "client");
        string old = Own("silo").Issuer;
        Make("--new-authority");
        Assert.Equal(2, PemIdentity.ReadCertificates(Place("silo", "ca.crt")).Count);
        EachKnowsTheOther();
        Assert.Equal(old, Own("silo").Issuer);
        Assert.Contains("the last change of the authority is not over", Run("--new-authority").Error, StringComparison.Ordinal);

        Make("--renew", "silo");
        Assert.NotEqual(old, Own("silo").Issuer);
        EachKnowsTheOther();
        Assert.Contains("tls.crt: it is of the old authority; renew it first", Run("--forget-old").Error, StringComparison.Ordinal);
        EachKnowsTheOther();

        Make("--renew", "client");
        Make("--forget-old");
        Assert.Single(PemIdentity.ReadCertificates(Place("silo", "ca.crt")));
        EachKnowsTheOther();
        Assert.Equal(Own("silo").Issuer, PemIdentity.ReadCertificates(Place("client", "ca.crt"))[0].Subject);
    }

    [Fact]
    public void How_long_they_are_valid_can_be_said()
    {
        Run(["silo"], new() { ["PARCAE_CERTIFICATE_DAYS"] = "30", ["PARCAE_AUTHORITY_DAYS"] = "60" }).Good();
        Assert.Equal((DateTime.Now + TimeSpan.FromDays(30)).Date, Own("silo").NotAfter.Date);
        Assert.Equal((DateTime.Now + TimeSpan.FromDays(60)).Date, PemIdentity.ReadCertificates(Place("silo", "ca.crt"))[0].NotAfter.Date);
        Assert.Contains("it ends before a certificate of 365 days would", Run("client").Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Place("client")));
    }

    [Theory]
    [InlineData("a name is needed")]
    [InlineData("'../silo': a name has small letters", "silo", "../silo")]
    [InlineData("'authority': a name has small letters", "authority")]
    [InlineData("'--renew': a name has", "silo", "--renew")]
    [InlineData("--renwe: there is no such option", "--renwe", "silo")]
    [InlineData("there is no authority that a new one could follow", "--new-authority")]
    [InlineData("silo: --new-authority takes a folder alone", "--new-authority", "silo")]
    public void What_does_not_do_is_refused_and_makes_nothing(string refused, params string[] arguments)
    {
        var result = Run(arguments);
        Assert.Equal(2, result.Status);
        Assert.Contains(refused, result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(Place("")) ? Directory.EnumerateFiles(Place(""), "*", SearchOption.AllDirectories) : []);
    }

    public void Dispose() => _scratch.Dispose();

    private void EachKnowsTheOther()
    {
        foreach (var (one, other) in new[] { ("silo", "client"), ("client", "silo"), ("silo", "silo"), ("client", "client") }) MutualTls.Read(Place(one, "tls.crt"), Place(one, "tls.key"), Place(other, "ca.crt"));
    }

    private MutualTls Member(string name) => MutualTls.Read(Place(name, "tls.crt"), Place(name, "tls.key"), Place(name, "ca.crt"));

    private X509Certificate2 Own(string name) => PemIdentity.Read(Place(name, "tls.crt"), Place(name, "tls.key")).Own;

    private Dictionary<string, string> Snapshot() => Directory.EnumerateFiles(Place(""), "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllText);

    private string Place(params string[] path) => Path.TrimEndingDirectorySeparator(Path.Combine([_scratch.Place("tls"), .. path]));

    private Tool.Result Make(params string[] arguments) => Run(arguments).Good();

    private Tool.Result Run(params string[] arguments) => Run(arguments, []);

    private Tool.Result Run(string[] arguments, Dictionary<string, string> environment)
    {
        // The folder stands after the option.
        int at = arguments is [['-', ..], ..] ? 1 : 0;
        return _bash.Run([Repository.Place("infra/certificates"), .. arguments[..at], Place(""), .. arguments[at..]], environment);
    }
}
