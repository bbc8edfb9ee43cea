using Parcae.GpuWorker.Models;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Models;

public sealed class ModelChecksTests
{
    private static readonly ModelSpec Spec = SmallModels.Spec("gpt") with { Family = "plugin", Assembly = "none", Dropout = 0.2 };
    private static readonly ParameterDeclaration Weight = Declare.Matrix("weight", 24, 6, Initial.Zeros);

    [Fact]
    public void A_model_with_a_layer_without_parameters_and_strange_strides_trains_with_the_same_bits_under_every_plan()
    {
        var model = new DoubtfulModel(Spec);
        ModelChecks.Validate(model);
        ModelTraining.EveryPlanGivesTheSameBits(model, SmallModels.Training);
        ModelTraining.EveryPlanGivesTheSameBits(model, SmallModels.Training with { Precision = "bfloat16" });
    }

    [Fact]
    public void What_contradicts_itself_is_refused_with_the_place_and_the_value()
    {
        Refused(new DoubtfulModel(Spec) { LayerCount = 0 }, "The model has a LayerCount of 0; expected is at least 1.");
        Refused(new DoubtfulModel(Spec) { Description = " " }, "The model has no Description; expected is the model in a few words.");
        Refused(new DoubtfulModel(Spec) { Shapes = _ => null! }, "Layer 0 has the OutputShape null; expected is dimensions of at least 1, without that of the micro-batch.");
        Refused(new DoubtfulModel(Spec) { Shapes = layer => layer == 2 ? [] : [1] }, "Layer 2 has the OutputShape []; ");
        Refused(new DoubtfulModel(Spec) { Shapes = _ => [8, 0] }, "Layer 0 has the OutputShape [8, 0]; ");
        Refused(new DoubtfulModel(Spec) { Flops = double.NaN }, "Layer 0 has ForwardFlops of NaN; ");
        Refused(new DoubtfulModel(Spec) { Bytes = -1 }, "Layer 0 has ActivationBytes of -1; ");
        Refused(new DoubtfulModel(Spec) { LayerCount = 1, Layouts = [LayerLayout.Of(0, "nothing")] }, "The model has no parameter that is trained; ");
    }

    [Fact]
    public void So_are_layouts()
    {
        Refused([null!], "Layer 0 has no Layout; ");
        Refused([LayerLayout.Of(1, "a", Weight)], "Layer 0 has the layout of layer 1; expected is one of layer 0.");
        Refused([LayerLayout.Of(0, "", Weight)], "Layer 0 has no name; ");
        Refused([LayerLayout.Of(0, "a", Weight), LayerLayout.Of(1, "a", Weight)], "The model has 2 layers named 'a'; ");
        Refused([LayerLayout.Of(0, "a", Weight, Weight)], "Layer 0 has a second parameter named 'weight', or one without a name; ");
        Refused([LayerLayout.Of(0, "a", Declare.Bias("b", 0))], "a.b has the shape [0]; expected is dimensions of at least 1.");
        Refused([LayerLayout.Of(0, "a", Weight with { Shape = [3] })], "a.weight is a matrix of the shape [3]; ");
        Refused([LayerLayout.Of(0, "a", Weight with { Initial = Initial.Normal(double.NaN) })], "a.weight begins as ");
        Refused([LayerLayout.Of(0, "a", Weight with { Role = (ParameterRole)9 })], "a.weight has the role 9; ");
        Refused([LayerLayout.Of(0, "a", Declare.Table("t", 1 << 20, 1 << 12, Initial.Zeros))], "Layer 0 has 4294967296 values; expected is at most 2147483647; divide it into several layers.");
        var good = LayerLayout.Of(0, "a", Weight, Declare.Bias("b", 3));
        Refused([good with { Parameters = [good.Parameters[0], good.Parameters[1] with { Offset = 7 }] }], "a.b begins at 7; expected is 144: ");
    }

    [Fact]
    public void So_are_ties_that_would_not_hold()
    {
        var owner = LayerLayout.Of(0, "a", Weight, Declare.Statistic("s", 3, Initial.Zeros), Declare.Bias("b", 3));
        Refused([owner, Tied(Weight, 1, 0)], "c.weight is tied to layer 1; expected is an earlier layer.");
        Refused([owner, Tied(Weight, 2, 0)], "c.weight is tied to layer 2; ");
        Refused([owner, Tied(Weight, -1, 0)], "c.weight is tied to layer -1; ");
        Refused([owner, Tied(Weight, 0, 3)], "c.weight is tied to parameter 3 of a; expected is one of its 3 parameters, counted from 0.");
        Refused([owner, Tied(Declare.Matrix("weight", 6, 24, Initial.Zeros), 0, 0)], "c.weight has the shape [6, 24] and is tied to a.weight of the shape [24, 6]; ");
        Refused([owner, Tied(Declare.Bias("weight", 3), 0, 1)], "c.weight is tied to a.s, and one of them is a running statistic; ");
        Refused([owner, Tied(Weight with { Role = ParameterRole.Vector }, 0, 0)], "c.weight is a Vector and tied to a.weight, a Matrix; expected is both with weight decay or both without.");
        Refused([owner, Tied(Weight, 0, 0), LayerLayout.Of(2, "d", Weight with { Tie = new TiedTo(1, 0) })], "d.weight is tied to c.weight, which is itself tied; ");

        static LayerLayout Tied(ParameterDeclaration p, int layer, int parameter) => LayerLayout.Of(1, "c", p with { Tie = new TiedTo(layer, parameter) });
    }

    private static void Refused(LayerLayout[] layouts, string message) =>
        Refused(new DoubtfulModel(Spec) { Layouts = layouts, LayerCount = layouts.Length, Shapes = _ => [1] }, message);

    private static void Refused(DoubtfulModel model, string message) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => ModelChecks.Validate(model)).Message, StringComparison.Ordinal);
}
