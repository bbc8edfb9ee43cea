using Parcae.GpuWorker.Models;
using Xunit;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>Every family gives the same bits (losses, running statistics, optimizer state) wherever it is cut and however it is dealt.</summary>
public sealed class ModelPlansTests
{
    public static TheoryData<string> Families => [.. SmallModels.Names];

    [Theory, MemberData(nameof(Families))]
    public void Every_plan_gives_the_same_bits(string name) =>
        ModelTraining.EveryPlanGivesTheSameBits(Model(name, dropout: 0.2), SmallModels.Training);

    [Theory, MemberData(nameof(Families))]
    public void Without_dropout_and_with_sgd_too(string name)
    {
        var (model, training) = (Model(name), SmallModels.Training with { Optimizer = "sgd", LearningRate = 0.05 });
        int half = model.LayerCount / 2;
        ModelTraining.Run(model, training, [half, model.LayerCount - half], 2).MustEqual(ModelTraining.Run(model, training, [model.LayerCount], 1));
    }

    [Theory, MemberData(nameof(Families))]
    public void Plans_agree_in_bfloat16_too_and_not_with_float32(string name)
    {
        var (model, training) = (Model(name, dropout: 0.2), SmallModels.Training with { Precision = "bfloat16" });
        var reference = ModelTraining.Run(model, training, [model.LayerCount], 1);
        ModelTraining.Run(model, training, [.. Enumerable.Repeat(1, model.LayerCount)], 2).MustEqual(reference);
        ModelTraining.Run(model, training with { Recompute = true }, [2, model.LayerCount - 2], 3).MustEqual(reference);
        double exact = ModelTraining.Run(model, SmallModels.Training, [model.LayerCount], 1).Steps[0].Loss;
        Assert.NotEqual(exact, reference.Steps[0].Loss);
        Assert.Equal(exact, reference.Steps[0].Loss, 0.05);
    }

    private static IStagedModel Model(string name, double dropout = 0) => ModelFactory.Create(SmallModels.Spec(name) with { Dropout = dropout });
}
