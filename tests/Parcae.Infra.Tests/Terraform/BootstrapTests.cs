using System.Text.RegularExpressions;
using Parcae.Grains.Security;
using Parcae.Infra.Tests.Support;
using Parcae.Infra.Tests.Units;

namespace Parcae.Infra.Tests.Terraform;

/// <summary>The script that makes a machine a silo, run for real in a folder of its own, with stand-ins for what reaches the outside: the cloud, docker, disks, systemd.</summary>
public sealed class BootstrapTests : IDisposable
{
    private const string Stub = """
        #!/usr/bin/env bash
        echo "$(basename "$0") $*" >>"$CALLS"
        case "$(basename "$0") $*" in
            curl*PUT*latest/api/token) echo session-token ;;
            curl*X-aws-ec2-metadata-token:\ session-token*instance-id) echo i-0abc ;;
            curl*X-aws-ec2-metadata-token:\ session-token*local-ipv4) echo 10.0.0.7 ;;
            curl*X-aws-ec2-metadata-token:\ session-token*availability-zone) echo eu-central-1a ;;
            curl*) echo "no such metadata" >&2; exit 22 ;;
            aws*get-secret-value*arn:redis*) echo 0123456789abcdef ;;
            aws*get-secret-value*arn:service*) echo fedcba9876543210fedcba9876543210 ;;
            aws*get-secret-value*arn:tls*) cat "$MEMBER" ;;
            aws*get-secret-value*arn:tokens*) echo "admin operator 0123456789abcdef" ;;
            aws*get-secret-value*) exit 254 ;;
            "blkid "*) exit 2 ;;
            "mountpoint "*) exit 1 ;;
        esac
        """;

    private readonly Scratch _scratch = new();
    private readonly Tool _bash = Tool.Need("bash", "apt-get install bash");

    public BootstrapTests()
    {
        foreach (string program in new[] { "curl", "aws", "docker", "dnf", "systemctl", "blkid", "mkfs.ext4", "mountpoint", "mount", "chown" }) _scratch.Write($"bin/{program}", Stub, executable: true);
        _scratch.Write("root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123", "");
        _scratch.Write("root/etc/fstab", "LABEL=cloudimg-rootfs / ext4 defaults 0 1\n");
    }

    [Theory]
    [InlineData("control", "yes")]
    [InlineData("control", "")]
    [InlineData("worker", "")]
    public void A_silo_starts_with_what_it_writes_and_stops_in_time(string role, string redis)
    {
        Run(role, redis).Good();
        var (silo, command) = Started(role);
        Assert.Contains("/etc/parcae/service_secret:/run/secrets/service_secret:ro", command);
        Assert.Equal((role, "i-0abc", "10.0.0.7", "eu-central-1a", 60.0), (silo.Settings.Role, silo.Settings.InstanceId, silo.Settings.Host, silo.Settings.Zone, silo.Settings.Interval));
        Assert.Equal((8080, 11111, 12000), (silo.Settings.ActualHttpPort, silo.Settings.SiloPort, silo.Settings.DataPort));
        Assert.Equal("/run/secrets/redis_password", silo.Settings.RedisPasswordFile);
        if (role == "control") Assert.Equal(("/data/checkpoints", "/run/secrets/api_tokens", "s3://bucket/checkpoints", "eu-central-1"), (silo.Settings.Checkpoints, silo.Settings.ApiTokenFile, silo.Settings.CheckpointBucket, silo.Settings.BucketRegion));
        else Assert.Equal(("aws", "cuda", 0.45), (silo.Settings.Availability, silo.Settings.Device, silo.Settings.PricePerHour));
    }

    [Theory]
    [InlineData("control")]
    [InlineData("worker")]
    public void Secrets_are_in_files_that_their_container_alone_reads_and_in_no_unit(string role)
    {
        Run(role, role == "control" ? "yes" : "").Good();
        Assert.Equal("0123456789abcdef\n", File.ReadAllText(_scratch.Place("root/etc/parcae/redis_password")));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(_scratch.Place("root/etc/parcae/redis_password")));
        Assert.Contains($"chown 1654 {_scratch.Place("root/etc/parcae/redis_password.new")}", Calls());
        Assert.Equal("fedcba9876543210fedcba9876543210\n", File.ReadAllText(_scratch.Place("root/etc/parcae/service_secret")));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(_scratch.Place("root/etc/parcae/service_secret")));
        foreach (string file in Directory.EnumerateFiles(_scratch.Place("root/etc/systemd/system")).Append(_scratch.Place("root/etc/parcae/silo.env"))) Assert.DoesNotMatch("0123456789abcdef|fedcba9876543210", File.ReadAllText(file));
        Assert.Equal(role == "control", File.Exists(_scratch.Place("root/etc/parcae/tokens")));
        // A worker runs users' models: it does not ask for what it may not have.
        Assert.Equal(role == "control", Calls().Any(c => c.Contains("arn:tokens", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("control", "yes")]
    [InlineData("worker", "")]
    public void A_certificate_is_taken_apart_into_files_that_its_container_alone_reads_and_fetched_again_when_it_is_renewed(string role, string redis)
    {
        string[] files = ["tls.crt", "tls.key", "ca.crt"];
        Certify("silo");
        Run(role, redis, "arn:tls").Good();
        foreach (string file in files)
        {
            Assert.Equal(File.ReadAllText(_scratch.Place($"certificates/silo/{file}")), File.ReadAllText(Tls(file)));
            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Tls(file)));
        }

        _ = MutualTls.Read(Tls("tls.crt"), Tls("tls.key"), Tls("ca.crt"));
        Assert.Contains($"chown -R 1654 {_scratch.Place("root/etc/parcae/tls.new")}", Calls());
        var (silo, command) = Started(role);
        Assert.Equal(("/run/tls/tls.crt", "/run/tls/tls.key", "/run/tls/ca.crt"), (silo.Settings.TlsCertificate, silo.Settings.TlsKey, silo.Settings.TlsAuthority));
        Assert.Contains("/etc/parcae/tls:/run/tls:ro", command);

        Certify("--renew", "silo");
        Fetch().Good();
        Assert.Equal(File.ReadAllText(_scratch.Place("certificates/silo/tls.crt")), File.ReadAllText(Tls("tls.crt")));
        _ = MutualTls.Read(Tls("tls.crt"), Tls("tls.key"), Tls("ca.crt"));

        // What is no certificate with its key and authority leaves what is there.
        string[] before = [.. files.Select(f => File.ReadAllText(Tls(f)))];
        _scratch.Write("member.pem", File.ReadAllText(_scratch.Place("certificates/silo/tls.crt")));
        var refused = Fetch();
        Assert.Equal(1, refused.Status);
        Assert.Contains("The secret has no tls.key", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, files.Select(f => File.ReadAllText(Tls(f))));

        string Tls(string file) => _scratch.Place($"root/etc/parcae/tls/{file}");
        Tool.Result Fetch() => _bash.Run([_scratch.Place("root/etc/parcae/fetch-certificates")], Environment(role, redis, "arn:tls"));
    }

    [Fact]
    public void Without_a_certificate_there_is_no_TLS_and_nothing_that_fetches_one()
    {
        Run("worker", "").Good();
        var (silo, _) = Started("worker");
        Assert.Equal((null, "/run/secrets/service_secret"), (silo.Settings.TlsCertificate, silo.Settings.SecretFile));
        Assert.DoesNotContain(Directory.EnumerateFiles(_scratch.Place("root"), "*", SearchOption.AllDirectories), f => f.Contains("certificates", StringComparison.Ordinal));
    }

    [Fact]
    public void Redis_has_the_repositorys_configuration_and_a_password()
    {
        Run("control", "yes").Good();
        string configuration = File.ReadAllText(_scratch.Place("root/etc/parcae/redis.conf"));
        Assert.StartsWith(Repository.Read("infra/redis/redis.conf").TrimEnd(), configuration, StringComparison.Ordinal);
        Assert.Contains("bind 10.0.0.7 127.0.0.1\nport 6379\nrequirepass 0123456789abcdef\n", configuration, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_disk_is_formatted_and_has_a_folder_for_checkpoints()
    {
        Run("control", "yes").Good();
        string[] calls = Calls();
        string device = _scratch.Place("root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123");
        Assert.Contains($"mkfs.ext4 -q -L parcae {device}", calls);
        Assert.True(Directory.Exists(_scratch.Place("root/srv/parcae/checkpoints")));
        Assert.EndsWith("LABEL=parcae /srv/parcae ext4 noatime,nodev,nosuid,nofail 0 2\n", File.ReadAllText(_scratch.Place("root/etc/fstab")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_run_changes_nothing()
    {
        Run("control", "yes").Good();
        _scratch.Write("root/srv/parcae/checkpoints/a/step-0000000025.safetensors", "kept");
        var before = Snapshot();
        File.Delete(_scratch.Place("calls"));
        Run("control", "yes").Good();
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData("control", "yes", "")]
    [InlineData("control", "", "")]
    [InlineData("worker", "", "")]
    [InlineData("worker", "", "arn:tls")]
    public void Systemd_takes_the_units(string role, string redis, string tls)
    {
        var analyze = Tool.Need("systemd-analyze", "apt-get install systemd");
        Certify("silo");
        Run(role, redis, tls).Good();
        var units = Directory.EnumerateFiles(_scratch.Place("root/etc/systemd/system")).ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        Assert.Equal((redis == "yes" ? 2 : 1) + (tls == "" ? 0 : 2), units.Count);
        using var root = UnitRoot.Make(units);
        var result = analyze.Run(["verify", $"--root={root.Folder}", .. units.Keys.Select(u => root.Place($"etc/systemd/system/{u}"))]).Good();
        Assert.Equal("", result.Output + result.Error);
    }

    [Fact]
    public void Terraform_writes_every_variable_that_it_reads()
    {
        string script = Repository.Read("infra/terraform/aws/bootstrap.sh");
        string[] written = [.. Regex.Matches(Repository.Read("infra/terraform/aws/nodes.tf"), @"^        ([A-Z_]+) +=", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];
        string[] read = [.. Regex.Matches(script, @"\$\{?([A-Z][A-Z_]+)").Select(m => m.Groups[1].Value).Distinct().Where(v => v != "ROOT")];
        Assert.Equal(written.Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        Assert.Equal(written.Order(StringComparer.Ordinal), Variables("control", "yes").Keys.Order(StringComparer.Ordinal));
    }

    public void Dispose() => _scratch.Dispose();

    private static Dictionary<string, string> Variables(string role, string redis, string tls = "") => new()
    {
        ["ROLE"] = role,
        ["IMAGE"] = "registry.example/parcae:1",
        ["REGION"] = "eu-central-1",
        ["REGISTRY_LOGIN"] = "yes",
        ["REDIS_ADDRESS"] = "10.0.0.7:6379",
        ["REDIS_SECRET"] = "arn:redis",
        ["SERVICE_SECRET"] = "arn:service",
        ["TLS_SECRET"] = tls,
        ["REDIS_IMAGE"] = redis == "yes" ? "redis:8.0" : "",
        ["TOKENS_SECRET"] = role == "control" ? "arn:tokens" : "",
        ["DATA_VOLUME"] = role == "control" ? "vol-0123" : "",
        ["BUCKET"] = role == "control" ? "bucket" : "",
        ["HTTP_PORT"] = "8080",
        ["SILO_PORT"] = "11111",
        ["GATEWAY_PORT"] = "30000",
        ["DATA_PORT"] = "12000",
        ["REDIS_PORT"] = "6379",
        ["REDIS_CONFIGURATION"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Repository.Read("infra/redis/redis.conf"))),
        ["PRICE_PER_HOUR"] = "0.45",
        ["OTLP_ENDPOINT"] = "http://10.0.3.7:4317",
        ["MORE_SETTINGS"] = "PARCAE_INTERVAL=60 PARCAE_HEARTBEAT=6",
    };

    private Tool.Result Run(string role, string redis, string tls = "") => _bash.Run([Repository.Place("infra/terraform/aws/bootstrap.sh")], Environment(role, redis, tls));

    private Dictionary<string, string> Environment(string role, string redis, string tls) => new(Variables(role, redis, tls))
    {
        ["MEMBER"] = _scratch.Place("member.pem"),
        ["ROOT"] = _scratch.Place("root"),
        ["CALLS"] = _scratch.Place("calls"),
        ["PATH"] = $"{_scratch.Place("bin")}:{System.Environment.GetEnvironmentVariable("PATH")}",
    };

    // What the unit starts: the silo, with docker's own patience, which is the shorter one, and the container's command line.
    private (Deployed Silo, string[] Command) Started(string role)
    {
        string text = File.ReadAllText(_scratch.Place("root/etc/systemd/system/parcae-silo.service"));
        var unit = Container(text);
        var environment = new Dictionary<string, string>(Deployed.ImageEnvironment);
        foreach (string line in File.ReadAllLines(_scratch.Place("root/etc/parcae/silo.env"))) environment[line.Split('=', 2)[0]] = line.Split('=', 2)[1];
        Deployed.Read(unit.Arguments, environment, unit.Grace).AssertStopsInTime();
        var silo = Deployed.Read(unit.Arguments, environment, unit.DockerGrace);
        silo.AssertStopsInTime();
        Assert.Equal(role, silo.Settings.Role);
        return (silo, text.Split('\n').Single(l => l.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' '));
    }

    // As the guide says it: the three files, one after the other.
    private void Certify(params string[] arguments)
    {
        Tool.Need("openssl", "apt-get install openssl");
        string[] options = [.. arguments.Where(a => a[0] == '-')];
        _bash.Run([Repository.Place("infra/certificates"), .. options, _scratch.Place("certificates"), .. arguments.Except(options)]).Good();
        _scratch.Write("member.pem", string.Concat(new[] { "tls.crt", "tls.key", "ca.crt" }.Select(f => File.ReadAllText(_scratch.Place($"certificates/silo/{f}")))));
    }

    private string[] Calls() => File.ReadAllLines(_scratch.Place("calls"));

    private string[] Snapshot() => [.. Directory.EnumerateFiles(_scratch.Place("root"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {File.ReadAllText(f)}")];

    // The silo's arguments are what follows the image.
    private static (string[] Arguments, TimeSpan Grace, TimeSpan DockerGrace) Container(string unit)
    {
        string[] lines = unit.Split('\n');
        string[] command = lines.Single(l => l.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' ');
        int image = Array.IndexOf(command, "registry.example/parcae:1");
        Assert.Contains("--read-only", command[..image]);
        var stop = Regex.Match(unit, "ExecStop=/usr/bin/docker stop -t (\\d+) ");
        var grace = Regex.Match(unit, "TimeoutStopSec=(\\d+)");
        return (command[(image + 1)..], Seconds(grace), Seconds(stop));

        static TimeSpan Seconds(Match m) => TimeSpan.FromSeconds(int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
    }
}
