using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

/// <summary>Calls between grains that do not come to them, as when a silo was just lost of which the membership does not know yet: on it was the grain, or the part of the directory that says where it is.</summary>
public sealed class UnreachableGrainTests
{
    [Theory]
    [InlineData(nameof(IStageGrain))]
    [InlineData(nameof(IInstanceGrain))]
    public async Task A_preparation_waits_until_grains_can_be_reached(string grain)
    {
        var away = new Away { Calls = 9, Grain = grain, Method = nameof(IStageGrain.Prepare) };

        string[] told = await TrainsWithAllAsync(away);

        Assert.Equal(0, away.Calls);
        Assert.DoesNotContain(told, e => e.StartsWith("starting again", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(nameof(IStageGrain))]
    [InlineData(nameof(IInstanceGrain))]
    public async Task A_grain_that_is_lost_in_the_middle_of_preparations_is_not_taken_for_the_loss_of_its_instances(string grain)
    {
        // More often than an instance may fail to prepare; one stage's call is struck at each attempt.
        var away = new Away { Calls = 9, Grain = grain, Method = nameof(IStageGrain.Prepare), Lost = true };

        string[] told = await TrainsWithAllAsync(away);

        Assert.Contains(told, e => e.StartsWith("starting again: generation 1 could not be prepared", StringComparison.Ordinal) && e.Contains("SiloUnavailableException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_halt_waits_until_grains_can_be_reached()
    {
        var away = new Away { Grain = nameof(IInstanceGrain), Method = nameof(IInstanceGrain.Halt) };
        await using var cluster = await StartAsync(away);
        var world = await cluster.Training("2:1x2 3:1x3", false, "1", "2");
        await world.Train(3);

        away.Calls = 6;
        await world.Join("3");
        var record = await world.Trains(r => r.Number > 1);

        Assert.Equal((3, 3, 0, 0), (record.Depth, record.AtStep, record.StepsReplayed, away.Calls));
        Assert.DoesNotContain(await world.Job.Events(0), e => e.Message.Contains("counts as lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_switch_waits_until_grains_can_be_reached()
    {
        var away = new Away { Calls = 6, Grain = nameof(IInstanceGrain), Method = nameof(IInstanceGrain.Switch) };

        string[] told = await TrainsWithAllAsync(away);

        Assert.Equal(0, away.Calls);
        Assert.DoesNotContain(told, e => e.StartsWith("starting again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_grains_that_a_change_may_go_through_are_active_before_it()
    {
        await using var cluster = await StartAsync(new Away { Grain = "", Method = "" });
        var world = await cluster.Training("2:1x2", false, "1", "2", "3");

        // One stage for each instance: more than the plan has.
        await Patience.Until(() => Enumerable.Range(0, 3).All(stage => cluster.IsActive(cluster.Cluster.Client.GetGrain<IStageGrain>($"{world.Name}/{stage}"))));
        Assert.False(cluster.IsActive(cluster.Cluster.Client.GetGrain<IStageGrain>($"{world.Name}/3")));
    }

    private static async Task<string[]> TrainsWithAllAsync(Away away)
    {
        await using var cluster = await StartAsync(away);
        var world = await cluster.Training("2:1x2 3:1x3", false, "1", "2", "3");
        string[] told = [.. (await world.Job.Events(0)).Select(e => e.Message)];
        Assert.Equal(3, world.Plan.Places.Length);
        Assert.DoesNotContain(told, e => e.Contains("counts as lost", StringComparison.Ordinal));
        return told;
    }

    private static async Task<ParcaeCluster> StartAsync(Away away)
    {
        var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, silo => silo.Services.AddSingleton<IOutgoingGrainCallFilter>(away));
        await cluster.InitializeAsync();
        return cluster;
    }

    /// <summary>Keeps calls from coming to a grain.</summary>
    private sealed class Away : IOutgoingGrainCallFilter
    {
        private int _calls;

        /// <summary>How many more.</summary>
        public int Calls
        {
            get => Math.Max(0, Volatile.Read(ref _calls));
            set => Volatile.Write(ref _calls, value);
        }

        public required string Grain { get; init; }

        public required string Method { get; init; }

        /// <summary>Whether the grain is lost with the call, in place of being out of reach.</summary>
        public bool Lost { get; init; }

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            if (context.InterfaceMethod.DeclaringType is { } type && (type.Name == Grain || type.Name == nameof(IGpuWorker) && Grain == nameof(IInstanceGrain)) && context.MethodName == Method && Interlocked.Decrement(ref _calls) >= 0)
                throw Lost ? new SiloUnavailableException("lost with its silo") : Rejection();
            await context.Invoke();
        }

        // Orleans lets nobody else make one.
        private static Exception Rejection() =>
            (Exception)Activator.CreateInstance(typeof(OrleansMessageRejectionException), BindingFlags.Instance | BindingFlags.NonPublic, null, ["it cannot be reached"], null)!;
    }
}
