using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

/// <summary>Random joins, notices, kills, hangs and broken steps, one after another or on top of each other; whatever happens, the accounts must be right at the end.</summary>
public sealed class ChaosTests(ParcaeCluster cluster)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Whatever_happens_every_step_is_committed_once_and_comes_out_the_same(int seed)
    {
        var random = new Random(seed);
        var world = cluster.World();
        await world.JoinVault();
        int joined = 0;
        async Task Join() => await world.Join($"{++joined}");
        for (int i = 0; i < 4; i++) await Join();
        await world.Job.Submit(world.Spec("2:1x2 3:1x3 4:2x2 6:3x2", vault: true));
        await world.Trains(_ => true);

        // In time the cluster's membership notices whoever does not answer.
        async Task Membership()
        {
            foreach (var instance in (await world.Fleet.Snapshot()).Instances.Where(i => world[world.Short(i.Info.Id)].Health != Health.Well))
                await world.Fleet.Lost(instance.Info.Id, "chaos");
        }

        for (int action = 0; action < 40; action++)
        {
            var alive = (await world.Fleet.Snapshot()).Instances.Where(i => i.Info.Role == InstanceRole.Worker && world[world.Short(i.Info.Id)].Health == Health.Well).ToArray();
            var victim = alive.Length == 0 ? null : world[world.Short(alive[random.Next(alive.Length)].Info.Id)];
            switch (random.Next(8))
            {
                case 0 or 1:
                    for (int s = random.Next(1, 6); s > 0 && world.TryStep(vaultFollows: random.Next(4) > 0); s--) continue;
                    await world.TryReport();
                    break;
                case 2 or 3 when alive.Length < 7:
                    await Join();
                    break;
                case 4 when victim is not null:
                    await world.Fleet.Notice(victim.Id, TimeSpan.FromMinutes(2), "chaos");
                    break;
                case 5 when alive.Length > 2:
                    victim!.Health = Health.Dead;
                    await world.TryBreak(victim, refused: true, passed: random.Next(3));
                    await world.Fleet.Lost(victim.Id, "chaos");
                    break;
                case 6 when alive.Length > 2:
                    victim!.Health = random.Next(2) == 0 ? Health.Hung : Health.Dead;
                    if (!await world.TryBreak(victim, refused: false, passed: random.Next(3))) await world.Fleet.Lost(victim.Id, "chaos");
                    break;
                case 7:
                    await Membership();
                    await cluster.Settled(world);
                    break;
            }
        }

        await Membership();
        while ((await world.Fleet.Snapshot()).Instances.Count(i => i.Info.Role == InstanceRole.Worker && i.Deadline is null && world[world.Short(i.Info.Id)].Health == Health.Well) < 4)
            await Join();
        long last = (await world.Fleet.Snapshot()).LastSequence;
        await world.Saved(s => s.FleetSequence >= last && s.Phase == JobPhase.Training && !s.Halted && s.Plan!.Places.All(p => world[world.Short(p.Peer.InstanceId)].Health == Health.Well));
        await cluster.Settled(world);
        await world.TryReport();
        int before = (await world.Job.Status()).CommittedStep;
        for (int s = 0; s < 10; s++) Assert.True(world.TryStep(vaultFollows: true));
        await world.TryReport();

        var status = await world.Job.Status();
        Assert.Equal(before + 10, status.CommittedStep);
        Assert.Equal((8L * status.CommittedStep, 0L, 0L, 0), (status.Ledger.SamplesCommitted, status.Ledger.SamplesLost, status.Ledger.SamplesRepeated, status.Ledger.ReplayMismatches));
        Assert.Equal(Enumerable.Range(0, status.CommittedStep).Select(FakeWorld.Result), (await world.Job.History(0)).Steps);
        var generations = (await world.Job.History(0)).Generations;
        Assert.Equal(generations.Select(g => g.Number).Order().Distinct(), generations.Select(g => g.Number));
    }
}
