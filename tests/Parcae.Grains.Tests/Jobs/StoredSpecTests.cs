using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Storage;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

/// <summary>A job's spec comes back from storage as it was, also where it says false, 0 or nothing and the default is something else.</summary>
public sealed class StoredSpecTests(ParcaeCluster cluster)
{
    private static readonly JobSpec Full = new()
    {
        Name = "full",
        Model = new ModelSpec { Blocks = 2, Hidden = 8, Heads = 1, InitialWeights = "weights", Assembly = "assembly", Type = "type" },
        Data = new DataSpec { Paths = ["a", "b"] },
    };

    [Fact]
    public void As_it_is_by_default() => Same(new JobSpec());

    [Fact]
    public void With_everything_set() => Same(Full);

    [Fact]
    public void With_everything_false_zero_and_empty()
    {
        var node = JsonSerializer.SerializeToNode(Full)!;
        int emptied = Empty(node);
        Assert.True(emptied > 40, $"only {emptied} values were emptied");
        var spec = node.Deserialize<JobSpec>()!;
        Assert.False(spec.Training.Vault);
        Assert.Equal(0, spec.Training.WeightDecay);
        Same(spec);
    }

    [Fact]
    public async Task A_job_without_a_vault_stays_without_when_its_grain_is_activated_again()
    {
        var world = cluster.World();
        await world.JoinVault();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: false));
        await world.Trains(_ => true);
        await world.Train(2);
        await world.Job.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await world.Job.Status();
        await world.Until(() => world["1"].Commands.Any(c => c is "status"));

        Assert.False((await world.Job.History(0)).Spec.Training.Vault);
        Assert.Empty((await world.Job.Status()).Plan!.Vault);
    }

    private void Same(JobSpec spec)
    {
        var storage = cluster.Cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainStorageSerializer>();
        var back = storage.Deserialize<JobSpec>(storage.Serialize(spec));
        Assert.Equal(JsonSerializer.Serialize(spec), JsonSerializer.Serialize(back));
    }

    /// <summary>Makes every value false, 0, or empty; returns how many there were.</summary>
    private static int Empty(JsonNode node)
    {
        int emptied = 0;
        foreach (var (name, value) in node.AsObject().ToArray())
        {
            if (value is JsonObject inner)
            {
                emptied += Empty(inner);
                continue;
            }

            if (name is nameof(TrainingSpec.MicroBatches)) continue; // something is divided by it
            node[name] = value?.GetValueKind() switch
            {
                JsonValueKind.True or JsonValueKind.False => false,
                JsonValueKind.Number => 0,
                JsonValueKind.String => "",
                JsonValueKind.Array => new JsonArray(),
                _ => null,
            };
            emptied++;
        }

        return emptied;
    }
}
