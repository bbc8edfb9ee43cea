using Parcae.Grains;
using Parcae.Silo.Absence;
using Xunit;

namespace Parcae.Silo.Tests.Absence;

public sealed class VanishingTests
{
    private readonly TaskCompletionSource<string[]> _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _times;

    [Fact]
    public async Task The_process_is_replaced_by_one_with_the_same_arguments_that_begins_absent()
    {
        string[] before = Leave.Begin("r0.1", TimeSpan.Zero, "i-1").AddTo(["dotnet", "Parcae.Silo.dll", "--role", "worker"]);
        Vanishing("r0.1", before).Obey(new VanishOrder("r1.4", TimeSpan.FromSeconds(90)));

        string[] arguments = await _replaced.Task.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        var (leave, rest) = Leave.TakeFrom(arguments);
        Assert.Equal(["dotnet", "Parcae.Silo.dll", "--role", "worker"], rest);
        Assert.Equal(("r1.4", "i-1"), (leave!.Order, leave.InstanceId));
        Assert.InRange(leave.Left.TotalSeconds, 60, 90);
    }

    [Fact]
    public async Task An_order_that_it_is_back_from_or_has_obeyed_already_changes_nothing()
    {
        var vanishing = Vanishing("r1.4", []);
        vanishing.Obey(new VanishOrder("r1.4", TimeSpan.FromSeconds(90)));
        vanishing.Obey(new VanishOrder("r1.5", TimeSpan.FromSeconds(90)));
        vanishing.Obey(new VanishOrder("r1.5", TimeSpan.FromSeconds(90)));

        await _replaced.Task.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        Assert.Equal(1, _times);
    }

    private Vanishing Vanishing(string before, string[] arguments) => new(
        "i-1", before,
        next =>
        {
            _times++;
            _replaced.TrySetResult(next);
        },
        arguments);
}
