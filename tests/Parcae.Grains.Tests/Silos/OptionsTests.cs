using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Parcae.Grains.Hosting;

namespace Parcae.Grains.Tests.Silos;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_valid_and_as_documented()
    {
        var (fleet, jobs) = (new FleetOptions(), new JobOptions());
        Validate(fleet);
        Validate(jobs);
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(500), 1000), (fleet.Interval, fleet.CheckPeriod, fleet.LogLength));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(400)), (jobs.HaltTimeout, jobs.BoundaryTimeout, jobs.LagTimeout, jobs.SuspectTimeout));
    }

    [Fact]
    public void A_value_out_of_range_is_refused_by_name()
    {
        var refusal = Assert.Throws<OrleansConfigurationException>(() => Validate(new FleetOptions { Interval = TimeSpan.Zero }));
        Assert.Equal("FleetOptions.Interval is 00:00:00; it must be from 00:00:00.1000000 to 1.00:00:00.", refusal.Message);
    }

    private static void Validate<T>(T options) where T : class => new OptionsConfigurationValidator<T>(Options.Create(options)).ValidateConfiguration();
}
