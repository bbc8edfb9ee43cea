using Parcae.Silo.Availability;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class AvailabilitySettingsTests
{
    [Fact]
    public void Defaults_find_the_sources_out_and_fit_into_the_grace_period_of_Kubernetes()
    {
        var settings = SettingNames.Read([]);
        Assert.Equal(
            ("auto", 5.0, false, false, 30.0, null, null, null, 25.0),
            (settings.Availability, settings.AvailabilityInterval, settings.AdvisoryNotices, settings.AzureAcknowledge, settings.GoogleNotice, settings.MetadataEndpoint, settings.KubernetesEndpoint,
                settings.ServiceAccount, settings.StopTimeout));
        Assert.True(settings.StopTimeout + Departure.SiloStop.TotalSeconds < 30);
        var options = new AvailabilityOptions();
        Assert.Equal(
            (settings.Availability, settings.AvailabilityInterval, settings.AdvisoryNotices, settings.GoogleNotice, settings.StopTimeout),
            (options.Sources, options.Interval.TotalSeconds, options.Advisory, options.GoogleNotice.TotalSeconds, options.StopTimeout.TotalSeconds));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("none")]
    [InlineData("aws")]
    [InlineData("azure,kubernetes")]
    public void Sources_are_named_with_commas(string sources) => Assert.Equal(sources, SettingNames.Read(["--availability", sources]).Availability);

    [Theory]
    [InlineData("--availability amazon", "--availability amazon: must be auto, none, or names out of aws, azure, google, kubernetes with commas between them")]
    [InlineData("--availability auto,aws", "--availability auto,aws: must be auto")]
    [InlineData("--metadata-endpoint 127.0.0.1:80", "--metadata-endpoint 127.0.0.1:80: must be an address such as http://127.0.0.1:8080")]
    [InlineData("--kubernetes-endpoint ftp://api", "--kubernetes-endpoint ftp://api: must be an address such as http://127.0.0.1:8080")]
    [InlineData("--availability-interval 0", "--availability-interval 0: must be from 0.1 to 600 seconds")]
    [InlineData("--stop-timeout -1", "--stop-timeout -1: must be from 0 to 86400 seconds")]
    public void What_is_wrong_is_said_with_the_value_and_what_would_be_right(string arguments, string message)
    {
        var refused = Assert.Throws<UsageException>(() => SettingNames.Read(arguments.Split(' ')));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
