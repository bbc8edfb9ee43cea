using Parcae.Grains.Security;
using Parcae.Infra.Tests.Support;
using Parcae.Silo;
using Parcae.Silo.Api.Access;

namespace Parcae.Infra.Tests.Compose;

/// <summary>What infra/secrets makes.</summary>
public sealed class SecretsTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Tool _bash = Tool.Need("bash", "apt-get install bash");

    [Fact]
    public void The_silo_takes_the_tokens_one_of_each_role()
    {
        Make();
        var tokens = TokenFile.Read(_scratch.Place("secrets/api_tokens"));
        Assert.Equal([ApiRole.Viewer, ApiRole.Submitter, ApiRole.Admin], tokens.Select(t => t.Role).Order());
        Assert.All(tokens, t => Assert.True(t.Secret.Length >= 2 * ApiToken.ShortestSecret, t.ToString()));
        Assert.Equal(3, tokens.Select(t => t.Secret).Distinct().Count());
    }

    [Fact]
    public void Every_secret_of_the_compose_file_is_made_and_none_besides()
    {
        Make();
        var compose = Yaml.Parse(Repository.Read("infra/compose.yaml"));
        Assert.Equal(
            compose.Map("secrets").Select(s => Path.GetFileName(s.Value.Text("file"))).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(_scratch.Place("secrets")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        string silo = compose.Text("x-certificates.source");
        Assert.Equal(["ca.crt", "tls.crt", "tls.key"], Directory.EnumerateFiles(_scratch.Place(silo.Replace("./.secrets", "secrets", StringComparison.Ordinal))).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_silo_takes_the_secret_of_the_service()
    {
        Make();
        Assert.False(ServiceSecret.Read(_scratch.Place("secrets/service_secret")).IsPublic);
    }

    [Fact]
    public void What_is_there_stays()
    {
        Make();
        var before = All();
        Make();
        Assert.Equal(before, All());

        Dictionary<string, string> All() => Directory.EnumerateFiles(_scratch.Place("secrets"), "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllText);
    }

    [Fact]
    public void Only_their_owner_can_get_at_them()
    {
        Make();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_scratch.Place("secrets")));
        Assert.Contains("infra/.secrets/", Repository.Read(".gitignore").Split('\n'));
    }

    public void Dispose() => _scratch.Dispose();

    private void Make() => _bash.Run([Repository.Place("infra/secrets"), _scratch.Place("secrets")]).Good();
}
