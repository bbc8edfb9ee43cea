using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class AugmentationTests
{
    [Fact]
    public void A_crop_moves_the_image_and_what_comes_from_outside_is_black()
    {
        // Two channels of 3 x 3, 1 .. 9 and 11 .. 19.
        float[] image = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19];
        new Augmentation(Down: 1, Right: -1, Mirrored: false).Apply(image, 3, [0, -1]);
        Assert.Equal([0, 4, 5, 0, 7, 8, 0, 0, 0, -1, 14, 15, -1, 17, 18, -1, -1, -1], image);
    }

    [Fact]
    public void A_mirrored_crop_is_the_crop_from_right_to_left()
    {
        float[] image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        new Augmentation(Down: 1, Right: -1, Mirrored: true).Apply(image, 3, [0]);
        Assert.Equal([5, 4, 0, 8, 7, 0, 0, 0, 0], image);
    }

    [Fact]
    public void All_places_and_both_directions_are_drawn_alike()
    {
        var drawn = Enumerable.Range(0, 16_200).Select(i => Augmentation.Draw((ulong)i, 32)).ToArray();
        Assert.All(drawn.GroupBy(a => a), g => Assert.InRange(g.Count(), 60, 145)); // 100 expected
        Assert.Equal(9 * 9 * 2, drawn.Distinct().Count());
        Assert.Equal((-4, 4, -4, 4), (drawn.Min(a => a.Down), drawn.Max(a => a.Down), drawn.Min(a => a.Right), drawn.Max(a => a.Right)));
    }
}
