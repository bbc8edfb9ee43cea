using Parcae.Silo.Absence;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Absence;

public sealed class LeaveTests
{
    [Fact]
    public void An_absence_travels_on_the_command_line_and_is_taken_off_it()
    {
        var leave = Leave.Begin("r1.4", TimeSpan.FromSeconds(90), "i-1, of zone a");

        var (read, arguments) = Leave.TakeFrom(leave.AddTo(["--role", "worker"]));

        Assert.Equal(leave, read);
        Assert.Equal(["--role", "worker"], arguments);
        Assert.InRange(read!.Left.TotalSeconds, 80, 90);
    }

    [Fact]
    public void A_command_line_without_one_is_left_as_it_is()
    {
        string[] arguments = ["--role", "worker"];
        Assert.Equal((null, arguments), Leave.TakeFrom(arguments));
    }

    [Theory]
    [InlineData("--absent")]
    [InlineData("--absent r1.4")]
    [InlineData("--absent r1.4,soon,i-1")]
    [InlineData("--absent r1.4,17,")]
    public void One_that_cannot_be_read_is_refused(string line) =>
        Assert.Contains("it must be ORDER,UNTIL,INSTANCE", Assert.Throws<UsageException>(() => Leave.TakeFrom(line.Split(' '))).Message, StringComparison.Ordinal);
}
