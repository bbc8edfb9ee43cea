using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests;

public sealed class SettingNamesTests
{
    [Fact]
    public void Defaults_are_those_of_a_control_silo_on_this_machine()
    {
        var settings = SettingNames.Read([]);
        Assert.Equal(
            ("control", "127.0.0.1:6379", "127.0.0.1", 11111, null, 0, 8080, "127.0.0.1", 60.0, "default", 0.918),
            (settings.Role, settings.Redis, settings.Host, settings.SiloPort, settings.GatewayPort, settings.DataPort, settings.HttpPort, settings.HttpHost,
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
    [InlineData("--role boss", "--role boss: must be control or worker")]
    [InlineData("--silo-port 70000", "--silo-port 70000: must be a port from 0 to 65535")]
    [InlineData("--silo-port many", "SiloPort")]
    [InlineData("--interval 0", "--interval 0: must be from 0.1 to 86400 seconds")]
    [InlineData("--parent-pid -3", "--parent-pid -3: must be a process id")]
    public void What_is_wrong_is_said_with_the_value_and_what_would_be_right(string arguments, string message)
    {
        var refused = Assert.Throws<UsageException>(() => SettingNames.Read(arguments.Split(' ')));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
