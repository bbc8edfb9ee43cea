using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

public sealed class SettingNamesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Defaults_are_those_of_a_control_silo_on_this_machine()
    {
        var settings = SettingNames.Read([]);
        Assert.Equal(
            ("control", "127.0.0.1:6379", "127.0.0.1", 11111, 30000, 0, 8080, "127.0.0.1", 60.0, "default", 0.918),
            (settings.Role, settings.Redis, settings.Host, settings.SiloPort, settings.ActualGatewayPort, settings.DataPort, settings.ActualHttpPort, settings.HttpHost,
                settings.Interval, settings.Fleet, settings.PricePerHour));
    }

    [Fact]
    public void Options_take_their_value_after_a_blank_or_an_equals_sign()
    {
        var settings = SettingNames.Read(["--role", "worker", "--instance-id=i-0007", "--silo-port", "0"]);
        Assert.Equal(("worker", "i-0007", 0), (settings.Role, settings.InstanceId, settings.SiloPort));
    }

    [Theory]
    [InlineData("--rolle worker", "Unknown option '--rolle'. Known: --advisory-notices")]
    [InlineData("worker", "'worker' was not expected here.")]
    [InlineData("--role", "Option '--role' needs a value.")]
    [InlineData("--role boss", "--role boss: must be control, worker or all")]
    [InlineData("--silo-port 70000", "--silo-port 70000: must be a port from 0 to 65535")]
    [InlineData("--silo-port many", "SiloPort")]
    [InlineData("--interval 0", "--interval 0: must be from 0.1 to 86400 seconds")]
    [InlineData("--parent-pid -3", "--parent-pid -3: must be a process id")]
    [InlineData("--checkpoint-bucket https://bucket.s3.amazonaws.com/p", "--checkpoint-bucket https://bucket.s3.amazonaws.com/p: must be s3://BUCKET or s3://BUCKET/PREFIX")]
    [InlineData("--bucket-endpoint minio:9000", "--bucket-endpoint minio:9000: must be an address such as http://127.0.0.1:8080")]
    [InlineData("--bucket-region Frankfurt", "--bucket-region Frankfurt: must be a region such as eu-west-1")]
    public void What_is_wrong_is_said_with_the_value_and_what_would_be_right(string arguments, string message)
    {
        var refused = Assert.Throws<UsageException>(() => SettingNames.Read(arguments.Split(' ')));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("control", 30000, 8080)]
    [InlineData("all", 30000, 8080)]
    [InlineData("worker", 0, null)]
    public void Ports_depend_on_the_role(string role, int gateway, int? http)
    {
        var settings = SettingNames.Read(["--role", role]);
        Assert.Equal((gateway, http), (settings.ActualGatewayPort, settings.ActualHttpPort));
        Assert.Equal(9000, SettingNames.Read(["--role", role, "--http-port", "9000"]).ActualHttpPort);
    }

    [Fact]
    public void A_file_is_read_and_the_command_line_wins_over_it()
    {
        string file = Write("""{ "Parcae": { "Zone": "b", "SiloPort": 12000, "Interval": 1.5 } }""");
        var settings = SettingNames.Read(["--silo-port", "13000", "--config", file]);
        Assert.Equal(("b", 13000, 1.5), (settings.Zone, settings.SiloPort, settings.Interval));
    }

    [Theory]
    [InlineData("""{ "Parcae": { "Zonne": "b" } }""", "Zonne")]
    [InlineData("""{ "Parcae": { "SiloPort": 70000 } }""", "--silo-port 70000: must be a port from 0 to 65535")]
    [InlineData("""{ "Parcae": { "SiloPort": "many" } }""", "SiloPort")]
    [InlineData("{ Parcae", "A file of settings cannot be read")]
    public void What_is_wrong_in_a_file_is_said(string content, string message)
    {
        var refused = Assert.Throws<UsageException>(() => SettingNames.Read(["--config", Write(content)]));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_said()
    {
        var refused = Assert.Throws<UsageException>(() => SettingNames.Read(["--config", "/no/such/file.json"]));
        Assert.Equal("--config /no/such/file.json: there is no such file", refused.Message);
    }

    private string Write(string content)
    {
        string file = Path.Combine(_folder, $"{Guid.NewGuid()}.json");
        File.WriteAllText(file, content);
        return file;
    }
}
