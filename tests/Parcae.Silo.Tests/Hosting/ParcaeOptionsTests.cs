using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Parcae.Silo.Availability;
using Parcae.Silo.Hosting;
using Parcae.Silo.Hosting.Validation;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

public sealed class ParcaeOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_program()
    {
        var (control, worker, settings) = (new ParcaeControlOptions(), new ParcaeWorkerOptions(), new SiloSettings());
        foreach (ParcaeInstanceOptions o in new ParcaeInstanceOptions[] { control, worker })
        {
            Assert.Equal(
                (settings.InstanceId, settings.Host, settings.DataPort, settings.Fleet, settings.Zone, settings.PricePerHour, settings.Faults),
                (o.InstanceId, o.Host, o.DataPort, o.Fleet, o.Zone, o.PricePerHour, o.Faults));
            Assert.Equal(
                (settings.Interval, settings.Heartbeat, settings.StallTimeout, settings.StopTimeout),
                (o.Interval.TotalSeconds, o.Heartbeat.TotalSeconds, o.StallTimeout.TotalSeconds, o.StopTimeout.TotalSeconds));
        }

        Assert.Equal((settings.Checkpoints, settings.Device, settings.Threads), (control.Checkpoints, worker.Device, worker.Threads));
        Assert.Empty(AnnotatedOptions.Problems(control));
        Assert.Empty(AnnotatedOptions.Problems(worker));
        Assert.Empty(AnnotatedOptions.Problems(new AvailabilityOptions()));
    }

    [Theory]
    [InlineData(typeof(ParcaeControlOptions))]
    [InlineData(typeof(ParcaeWorkerOptions))]
    public void What_is_allowed_is_what_the_program_allows(Type options)
    {
        var shared = options.GetProperties().Where(p => p.CanWrite).Select(p => (Option: p, Setting: typeof(SiloSettings).GetProperty(p.Name)!)).ToArray();
        Assert.All(shared, p => Assert.Equal(Rules(p.Setting), Rules(p.Option)));

        static Attribute[] Rules(PropertyInfo property) => [.. property.GetCustomAttributes<ValidationAttribute>()];
    }

    [Fact]
    public void A_message_names_the_member_its_value_and_what_would_be_right()
    {
        var problems = AnnotatedOptions.Problems(new ParcaeWorkerOptions { DataPort = 70000, Threads = 0, Heartbeat = TimeSpan.Zero, Fleet = "", Device = "tpu", PricePerHour = -1 });
        Assert.Equal(
            [
                ("DataPort", "70000", "must be a port from 0 to 65535"),
                ("Device", "tpu", "must be auto, cpu, cuda or cuda:N"),
                ("Fleet", "(none)", "must be a name"),
                ("Heartbeat", "00:00:00", "must be from 0.1 to 600 seconds"),
                ("PricePerHour", "-1", "must be a price in USD per hour, at least 0"),
                ("Threads", "0", "must be a number of threads from 1 to 1024"),
            ],
            problems.OrderBy(p => p.Member, StringComparer.Ordinal));
    }
}
