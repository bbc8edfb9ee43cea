using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Compose;

/// <summary>The compose file agrees with the code. Nothing of it is started.</summary>
public sealed partial class ComposeTests
{
    private static readonly JsonObject File = Yaml.Parse(Repository.Read("infra/compose.yaml"));

    /// <summary>Services that are silos.</summary>
    public static TheoryData<string> Silos => ["control", "worker", "gpu-0"];

    /// <summary>All services.</summary>
    public static TheoryData<string> All => [.. File.Map("services").Select(s => s.Key)];

    [Theory]
    [MemberData(nameof(Silos))]
    public void A_silo_starts_with_its_command_line_and_stops_in_time(string name)
    {
        var silo = Read(name);
        Assert.Equal(name == "control" ? "control" : "worker", silo.Settings.Role);
        Assert.Null(silo.Settings.InstanceId);
        silo.AssertStopsInTime();
    }

    [Theory]
    [MemberData(nameof(Silos))]
    public void A_silo_names_an_image_that_has_its_device(string name) =>
        Assert.Equal(Read(name).Settings.Device == "cuda" ? "parcae:cuda" : "parcae:cpu", Service(name).Text("image"));

    [Fact]
    public void Instances_have_names_of_their_own_when_there_are_several()
    {
        // The entrypoint takes the host name; what sets it would give all of them the same.
        foreach (string name in new[] { "worker", "gpu-0" })
        {
            Assert.Null(Service(name).At("hostname"));
            Assert.Null(Service(name).At("container_name"));
            Assert.Null(Service(name).At("ports"));
        }
    }

    [Fact]
    public void The_API_has_tokens_and_is_published_to_this_machine_alone()
    {
        Assert.Equal("/run/secrets/api_tokens", Read("control").Settings.ApiTokenFile);
        Assert.Contains("api_tokens", Service("control").Texts("secrets"));
        Assert.All(File.Map("services").SelectMany(s => s.Value.Texts("ports")), p => Assert.StartsWith("127.0.0.1:", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Published_ports_are_those_that_the_silo_listens_on() =>
        Assert.Equal($"127.0.0.1:${{PARCAE_HTTP_PORT:-{Read("control").Settings.ActualHttpPort}}}:{Read("control").Settings.ActualHttpPort}", Assert.Single(Service("control").Texts("ports")));

    [Theory]
    [MemberData(nameof(All))]
    public void Every_container_is_locked_down(string name)
    {
        Assert.True((bool)Service(name).At("read_only")!);
        Assert.Equal(["ALL"], Service(name).Texts("cap_drop"));
        Assert.Equal(["no-new-privileges:true"], Service(name).Texts("security_opt"));
        Assert.Null(Service(name).At("privileged"));
        Assert.Matches("[:@]", Service(name).Text("image"));
        Assert.DoesNotContain(":latest", Service(name).Text("image"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_a_service_names_is_there(string name)
    {
        var networks = Service(name).At("networks") is JsonObject map ? map.Select(n => n.Key) : Service(name).Texts("networks");
        Assert.All(networks, n => Assert.Contains(n, File.Map("networks").Select(d => d.Key)));
        Assert.All(Service(name).Texts("secrets"), s => Assert.Contains(s, File.Map("secrets").Select(d => d.Key)));
        var others = Service(name).At("depends_on") is JsonObject on ? on.Select(n => n.Key) : Service(name).Texts("depends_on");
        Assert.All(others, s => Assert.Contains(s, File.Map("services").Select(d => d.Key)));
        foreach (string from in Service(name).List("volumes").Where(v => v is JsonValue).Select(v => v.ToString().Split(':')[0]))
        {
            if (from.StartsWith('.')) Assert.True(Path.Exists(Repository.Place(Path.Combine("infra", from))), from);
            else if (!from.StartsWith('$')) Assert.Contains(from, File.Map("volumes").Select(d => d.Key));
        }
    }

    [Fact]
    public void Redis_has_a_password_out_of_a_file_and_keeps_what_it_is_told()
    {
        Assert.Equal(["sh", "/etc/parcae/start"], Service("redis").Texts("command"));
        Assert.Contains("redis:/data", Service("redis").Texts("volumes"));
        Assert.Equal(("redis:6379", "/run/secrets/redis_password"), (Read("worker").Settings.Redis, Read("worker").Settings.RedisPasswordFile));
        foreach (string silo in Silos.Select(s => s.Data)) Assert.Contains("redis_password", Service(silo).Texts("secrets"));
        Assert.DoesNotContain("password=", Repository.Read("infra/compose.yaml"), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Silos))]
    public void A_silo_has_the_secret_of_the_service_and_a_certificate(string name)
    {
        var settings = Read(name).Settings;
        Assert.Equal("/run/secrets/service_secret", settings.SecretFile);
        Assert.Contains("service_secret", Service(name).Texts("secrets"));
        // What infra/certificates makes, as a folder: a file that is replaced would stay the old one in a container.
        var certificates = Assert.Single(Service(name).List("volumes").OfType<JsonObject>());
        string target = certificates.Text("target");
        Assert.Equal(("bind", "./.secrets/tls/silo", true, false), (certificates.Text("type"), certificates.Text("source"), (bool)certificates.At("read_only")!, (bool)certificates.At("bind.create_host_path")!));
        Assert.Equal(($"{target}/tls.crt", $"{target}/tls.key", $"{target}/ca.crt"), (settings.TlsCertificate, settings.TlsKey, settings.TlsAuthority));
    }

    [Fact]
    public void Every_variable_has_a_default_which_is_the_examples()
    {
        var example = Repository.Read("infra/.env.example").Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        var used = Interpolation().Matches(Repository.Read("infra/compose.yaml")).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).Distinct().ToDictionary(v => v.Item1, v => v.Item2);
        Assert.Equal(example.OrderBy(e => e.Key, StringComparer.Ordinal), used.OrderBy(e => e.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Compose_itself_takes_it()
    {
        var docker = Tool.Need("docker", "Docker's own packages have it with the plugin compose");
        Assert.SkipUnless(docker.Run(["compose", "version"]).Status == 0, "There is no plugin compose for docker on this machine: not checked by compose itself.");
        using var scratch = new Scratch();
        docker.Run(["compose", "-f", Repository.Place("infra/compose.yaml"), "--profile", "gpu", "config", "--quiet"]).Good();
    }

    [Fact]
    public void The_schema_of_the_compose_specification_has_everything_in_it()
    {
        var linter = Tool.Need("dclint", "npm install --global dclint");
        using var scratch = new Scratch();
        // Not from its output: it ends before a pipe has taken all of that.
        linter.Run(["--formatter", "json", "--output-file", scratch.Place("said.json"), Repository.Place("infra/compose.yaml")]);
        string said = System.IO.File.ReadAllText(scratch.Place("said.json"));
        // A service that is built has a name for what was built; the rest of its rules are taste.
        var errors = JsonNode.Parse(said)!.AsArray().SelectMany(f => f.List("messages")).Where(m => m.Text("type") == "error" && m.Text("rule") != "no-build-and-image");
        Assert.Empty(errors.Select(m => m.Text("message")));
        Assert.Contains("no-build-and-image", said, StringComparison.Ordinal);
    }

    private static JsonObject Service(string name) => (JsonObject)File.At($"services.{name}")!;

    private static Deployed Read(string name)
    {
        // The entrypoint finds the container's address.
        var environment = new Dictionary<string, string>(Deployed.ImageEnvironment) { ["PARCAE_HOST"] = "172.18.0.4" };
        foreach (var (variable, value) in Service(name).Map("environment")) environment[variable] = Interpolation().Replace($"{value}", m => m.Groups[2].Value);
        var grace = TimeSpan.FromSeconds(double.Parse(Service(name).Text("stop_grace_period").TrimEnd('s'), CultureInfo.InvariantCulture));
        return Deployed.Read(Service(name).Texts("command"), environment, grace);
    }

    [GeneratedRegex(@"(?<!\$)\$\{([A-Z_]+):-([^}]*)\}")]
    private static partial Regex Interpolation();
}
